import { pseudonymFor } from './placeholders.ts';
import type { Named, Original } from './vault.ts';

/**
 * A table of originals for one request alone, in memory. Numbers go by first appearance: a conversation whose every
 * turn repeats its history from the beginning has the same ones in each turn, though nobody keeps them.
 */
export interface RequestTable {
  name(wanted: readonly Original[]): readonly string[];
  read(): readonly Named[];
}

export function createRequestTable(): RequestTable {
  const known = new Map<string, Map<string, Named>>();
  const nameOne = ({ entity, original }: Original): string => {
    const ofEntity = known.get(entity) ?? new Map<string, Named>();
    known.set(entity, ofEntity);
    const named = ofEntity.get(original) ?? {
      entity,
      original,
      placeholder: pseudonymFor(entity, ofEntity.size + 1),
    };
    ofEntity.set(original, named);
    return named.placeholder;
  };
  return {
    name: (wanted) => wanted.map(nameOne),
    read: () => [...known.values()].flatMap((ofEntity) => [...ofEntity.values()]),
  };
}
