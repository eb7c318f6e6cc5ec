import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';

import type { Label } from '../../test/redaction/corpus/labelled-sentences.ts';

const release = 'presidio-analyzer==2.2.366';
const environment = join(import.meta.dirname, '../../node_modules/.cache/presidio');

export interface PresidioRun {
  /** For each text. */
  readonly findings: readonly (readonly Label[])[];
  readonly seconds: number;
}

/** Presidio's pattern recognizers over all the texts, in a Python environment of their own; else why that failed. */
export async function runPresidio(texts: readonly string[]): Promise<PresidioRun | string> {
  try {
    const python = join(environment, 'bin/python');
    if (!existsSync(join(environment, 'ready'))) {
      await run('python3', ['-m', 'venv', environment]);
      await run(python, ['-m', 'pip', 'install', '--quiet', release]);
      await run('touch', [join(environment, 'ready')]);
    }
    // Python counts characters, not UTF-16 units.
    const startedAtMs = performance.now();
    const output = await run(python, [join(import.meta.dirname, 'presidio.py')], JSON.stringify(texts));
    const seconds = (performance.now() - startedAtMs) / 1000;
    const findings = (JSON.parse(output) as Label[][]).map((found, index) =>
      found.flatMap((label) => translate(label, texts[index]!)),
    );
    return { findings, seconds };
  } catch (error) {
    return (error as Error).message;
  }
}

const names: Readonly<Record<string, string>> = {
  EMAIL_ADDRESS: 'EMAIL',
  PHONE_NUMBER: 'PHONE',
  CREDIT_CARD: 'CREDIT_CARD',
  US_SSN: 'US_SSN',
  US_ITIN: 'US_ITIN',
  IBAN_CODE: 'IBAN',
  IP_ADDRESS: 'IP_ADDRESS',
  MAC_ADDRESS: 'MAC_ADDRESS',
  US_PASSPORT: 'PASSPORT',
  UK_NINO: 'UK_NINO',
  UK_NHS: 'UK_NHS',
  CA_SIN: 'CA_SIN',
  DE_TAX_ID: 'DE_TAX_ID',
  ES_NIF: 'ES_NIF',
  ES_NIE: 'ES_NIF',
  IT_FISCAL_CODE: 'IT_CODICE_FISCALE',
  IN_AADHAAR: 'IN_AADHAAR',
  IN_PAN: 'IN_PAN',
  AU_TFN: 'AU_TFN',
  SG_NRIC_FIN: 'SG_NRIC',
  CRYPTO: 'CRYPTO_WALLET',
};

function translate({ entity, from, end }: Label, text: string): Label[] {
  const name = names[entity];
  if (name === undefined) return [];
  const characters = [...text];
  const units = (count: number): number => characters.slice(0, count).join('').length;
  return [{ entity: name, from: units(from), end: units(end) }];
}

async function run(command: string, parameters: readonly string[], input = ''): Promise<string> {
  const child = spawn(command, parameters, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => {}); // Its exit says more.
  child.stdin.end(input);
  const [output, errors, [code]] = await Promise.all([
    readText(child.stdout),
    readText(child.stderr),
    once(child, 'close'),
  ]);
  if (code !== 0) throw new Error(`${command} failed: ${errors.trim().split('\n').at(-1)}`);
  return output;
}
