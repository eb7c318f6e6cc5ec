import { type TestContext, test } from 'node:test';

import { rejection } from './rejection.ts';
import { startScriptedServer } from './scripted-server.ts';

/** Texts and lists as a server writes them. */
export const word = (text: string) => `$${text.length}\r\n${text}\r\n`;
export const array = (...parts: string[]) => `*${parts.length}\r\n${parts.join('')}`;

const ofAnyScript: Record<string, string> = {
  'an integer': ':1\r\n',
  nothing: '$-1\r\n',
  'an empty list': '*0\r\n',
  'a kind that is none': array(word('maybe'), word('a')),
};

/**
 * Registers that what no script answers is an outage, for every method.
 *
 * @param replies by what they are
 * @param methodsOf the methods of a store of the server with this URL
 */
export function testGarbledReplies(
  replies: Record<string, string>,
  methodsOf: (t: TestContext, url: string) => Record<string, () => Promise<unknown>>,
): void {
  for (const [name, reply] of Object.entries({ ...ofAnyScript, ...replies })) {
    test(`${name} for an answer is an outage`, async (t) => {
      const methods = methodsOf(t, await startScriptedServer(t, () => reply));
      for (const method of Object.values(methods)) await rejection(method());
    });
  }
}
