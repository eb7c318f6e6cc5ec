import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { createRandom } from '../../test/redaction/corpus/random.ts';
import { card, email } from '../../test/redaction/corpus/values.ts';

const words =
  'the of and to in is that for it as was with be by on not he his but at are this have from or had an they which one you were her all she there would their we him been has when who will more no if out so said what up its about into than them can only other new some could time these two may then do first any my now such like our over man me even most made after also did many before must through back years where much your way well down should because each just those people how too little state good very make world still own see men work long get here between both life being under never day same another know while last might us great old year off come since against go came right used take three'.split(
    ' ',
  );

/** What applications send: a chat whose one message is prose, code, or what a tool answered; by kind. */
export function createBodies(bytes: number): Record<string, string> {
  const random = createRandom(11);
  const source = join(import.meta.dirname, '../../src/ledger');
  const code = readdirSync(source)
    .map((file) => readFileSync(join(source, file), 'utf8'))
    .join('\n');
  const kinds: Record<string, () => string> = {
    prose: () => paragraph(),
    code: () => code,
    JSON: () => `${JSON.stringify(event())},\n`,
  };
  return Object.fromEntries(
    Object.entries(kinds).map(([kind, next]) => {
      let content = '';
      while (content.length < bytes) content += next();
      const messages = [
        { role: 'system', content: 'You are a helpful assistant.' },
        { role: 'user', content: content.slice(0, bytes) },
      ];
      return [kind, JSON.stringify({ model: 'gpt-4o', messages })];
    }),
  );

  /** With a number in every third sentence, and something personal in every tenth. */
  function paragraph(): string {
    const sentences = Array.from({ length: 6 }, () => {
      const chosen = Array.from({ length: random.between(6, 18) }, () => random.pick(words));
      if (random.chance(0.33)) chosen.push(String(random.between(1, 2030)));
      if (random.chance(0.1))
        chosen.push(random.pick([email, (from: typeof random) => card(from).text])(random));
      return `${chosen[0]![0]!.toUpperCase()}${chosen.join(' ').slice(1)}`;
    });
    return `${sentences.join('. ')}.\n\n`;
  }

  function event(): object {
    return {
      id: `evt_${random.text('abcdefghijklmnopqrstuvwxyz0123456789', 16)}`,
      created: 1_700_000_000 + random.between(0, 90_000_000),
      amount: random.between(1, 99_999) / 100,
      name: `${random.pick(words)} ${random.pick(words)}`,
      isOpen: random.chance(0.5),
      customer: { email: email(random), city: random.pick(words), visits: random.between(1, 500) },
    };
  }
}
