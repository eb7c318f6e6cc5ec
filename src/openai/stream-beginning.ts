import { type ToldError, readToldError } from './error-body.ts';
import { isRecord } from './is-record.ts';
import { createEventSplitter, readEvent } from './sse.ts';

export interface Beginning {
  /** Whole events with data so far. */
  readonly events: number;
  /** An event has come that says more than that there will be an answer. */
  readonly isTold: boolean;
  /** What it says, if that is an error. */
  readonly error?: ToldError;
}

export interface BeginningReader {
  /** What the stream has said so far; undefined reads nothing more. */
  read(chunk: Uint8Array | undefined): Beginning;
}

/**
 * What the first bytes of a stream of events say of it. A Response is announced by events of its own before anything
 * is known of it, a chat completion by a chunk that names the role alone.
 */
export function createBeginningReader(): BeginningReader {
  const splitter = createEventSplitter();
  let beginning: Beginning = { events: 0, isTold: false };
  return {
    read(chunk) {
      const parts = chunk && !beginning.isTold ? splitter.push(chunk) : [];
      for (const { bytes, isEvent } of parts) {
        const { event, data } = isEvent ? readEvent(bytes) : nothing;
        if (data === undefined || beginning.isTold) continue;
        const error = errorIn(event, data);
        beginning = {
          events: beginning.events + 1,
          isTold: !announcements.has(event) && !isRoleAlone(data),
          ...(error && { error }),
        };
      }
      return beginning;
    },
  };
}

const nothing = { event: '', data: undefined };

const announcements: ReadonlySet<string> = new Set([
  'response.created',
  'response.queued',
  'response.in_progress',
]);

function isRoleAlone(data: string): boolean {
  if (!data.includes('"role"')) return false;
  const value = parse(data);
  const choices: unknown = isRecord(value) ? value['choices'] : undefined;
  return Array.isArray(choices) && choices.length > 0 && choices.every(saysNothing);
}

function saysNothing(choice: unknown): boolean {
  if (!isRecord(choice) || !isRecord(choice['delta']) || choice['finish_reason']) return false;
  const { role: _, ...said } = choice['delta'];
  return Object.values(said).every((member) => member === '' || member === null);
}

/** Only an event that looks like one is parsed: nearly none does. */
function errorIn(event: string, data: string): ToldError | undefined {
  if (!data.includes('error') && event !== 'error') return undefined;
  const value = parse(data);
  if (!isRecord(value)) return undefined;
  if (event === 'response.failed')
    return isRecord(value['response']) ? failedIn(value['response']) : undefined;
  if (isRecord(value['error'])) return toldIn(value);
  // Responses have it flat: `{"type":"error","code":...}`, where `type` is no type of an error.
  return event === 'error' || value['type'] === 'error' ? readToldError({ code: value['code'] }) : undefined;
}

/** One that tells what it has used has run, and will be billed. */
function failedIn(response: Record<string, unknown>): ToldError | undefined {
  return isRecord(response['usage']) ? undefined : toldIn(response);
}

function toldIn({ error }: Record<string, unknown>): ToldError {
  return isRecord(error) ? readToldError(error) : {};
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}
