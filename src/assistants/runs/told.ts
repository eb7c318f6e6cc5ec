import type { StreamEvent } from '../wire-events.ts';
import type { DocumentPut } from './run-writer.ts';

/** What something that happened means: documents to write first, and then events to tell. */
export interface Told {
  readonly puts: readonly DocumentPut[];
  readonly events: readonly StreamEvent[];
}

export const nothing: Told = { puts: [], events: [] };

export function join(first: Told, second: Told): Told {
  if (first === nothing) return second;
  return { puts: [...first.puts, ...second.puts], events: [...first.events, ...second.events] };
}
