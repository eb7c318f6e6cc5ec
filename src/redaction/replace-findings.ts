import { createHmac } from 'node:crypto';

import { ProxyError } from '../errors.ts';
import type { RedactionMetrics } from '../telemetry/redaction-metrics.ts';
import type { Finding } from './detector.ts';
import type { Edit } from './edits.ts';
import type { Mode, Modes } from './modes.ts';
import type { HideName } from './name-digest.ts';
import type { OriginalsTable } from './originals-table.ts';
import { hashFor, maskFor } from './placeholders.ts';

export interface Replacing {
  readonly modes: Modes;
  readonly metrics: Pick<RedactionMetrics, 'redacted'>;
  /** Of `hash`, read at every call, so that a rotated one is used at once. */
  readonly hashKey: () => string;
  readonly hideName: HideName;
  /** As the operation is called. */
  readonly operation: string;
  /** Undefined: there is nothing that originals could be restored by, so what is to be pseudonymized is masked. */
  readonly table: OriginalsTable | undefined;
}

/** A text, and what was found in it. `where` tells a person where it stands, and holds nothing of it. */
export interface Found {
  readonly text: string;
  readonly where: string;
  readonly findings: readonly Finding[];
  /** A name that somebody goes by: with anything found in it all of it is replaced, so that it stays one. */
  readonly isName?: boolean;
}

/**
 * What is to be written in place of what was found, for each text; nothing in place of what is only observed. Rejects
 * with `pii_blocked` if one of them blocks the call, and with what the table rejects with.
 */
export async function replaceAll(found: readonly Found[], replacing: Replacing): Promise<Edit[][]> {
  refuseBlocked(found, replacing);
  const wanted = found.flatMap(({ text, findings, isName }) =>
    findings
      .filter(({ entity }) => !isName && modeFor(entity, replacing) === 'pseudonymize')
      .map(({ entity, from, end }) => ({ entity, original: text.slice(from, end) })),
  );
  const placeholders = wanted.length === 0 ? [] : await replacing.table!.name(wanted);
  let next = 0;
  return found.map(({ text, findings, isName }) => {
    if (isName) return hideName(text, findings, replacing);
    return findings.flatMap(({ entity, from, end }): Edit[] => {
      const mode = modeFor(entity, replacing);
      replacing.metrics.redacted({ entity, operation: replacing.operation, mode });
      if (mode === 'observe') return [];
      const replacement =
        mode === 'pseudonymize'
          ? placeholders[next++]!
          : replacementFor(mode, entity, text.slice(from, end), replacing.hashKey);
      return [{ from, end, text: replacement }];
    });
  });
}

function hideName(name: string, findings: readonly Finding[], replacing: Replacing): Edit[] {
  const modes = findings.map(({ entity }) => {
    const mode = replacing.modes.of(entity) === 'observe' ? 'observe' : 'hash';
    replacing.metrics.redacted({ entity, operation: replacing.operation, mode });
    return mode;
  });
  return modes.includes('hash') ? [{ from: 0, end: name.length, text: replacing.hideName(name) }] : [];
}

export interface OutputEdit extends Edit {
  readonly entity: string;
  readonly original: string;
  /** Where it is observed, the text is the original. */
  readonly mode: 'mask' | 'hash' | 'observe';
}

/** The same for what a model has put out: it can be neither blocked any more, nor has it an original to be restored. */
export function replaceInOutput(
  text: string,
  findings: readonly Finding[],
  { modes, hashKey }: Pick<Replacing, 'modes' | 'hashKey'>,
): OutputEdit[] {
  return findings.map(({ entity, from, end }) => {
    const original = text.slice(from, end);
    const wanted = modes.of(entity);
    const mode = wanted === 'hash' || wanted === 'observe' ? wanted : 'mask';
    const replacement = mode === 'observe' ? original : replacementFor(mode, entity, original, hashKey);
    return { from, end, text: replacement, entity, original, mode };
  });
}

function modeFor(entity: string, { modes, table }: Replacing): Mode {
  const mode = modes.of(entity);
  return mode === 'pseudonymize' && !table ? 'mask' : mode;
}

function replacementFor(mode: Mode, entity: string, original: string, hashKey: () => string): string {
  if (mode !== 'hash') return maskFor(entity);
  const digest = createHmac('sha256', hashKey()).update(`${entity}\0${original}`).digest('hex');
  return hashFor(entity, digest.slice(0, 12));
}

function refuseBlocked(found: readonly Found[], { modes, metrics, operation }: Replacing): void {
  const blocked = found.flatMap(({ where, findings }) =>
    findings.filter(({ entity }) => modes.of(entity) === 'block').map(({ entity }) => ({ entity, where })),
  );
  if (blocked.length === 0) return;
  for (const { entity } of blocked) metrics.redacted({ entity, operation, mode: 'block' });
  const entities = [...new Set(blocked.map(({ entity }) => entity))].join(', ');
  const places = [...new Set(blocked.map(({ where }) => where))].filter((where) => where !== '').join(', ');
  throw new ProxyError('pii_blocked', {
    message: `The request holds ${entities}${places === '' ? '' : ` (in ${places})`}, which must not leave. Remove it.`,
    headers: { 'x-should-retry': 'false' },
  });
}
