import { isRecord } from './is-record.ts';
import type { Operation } from './operations.ts';

/**
 * Whether a call rests on something that one upstream alone has: files, vector stores, containers, earlier responses,
 * conversations, prompts, reasoning that is sealed with its key; or asks it to keep something that later calls may
 * rest on. Another upstream could not serve it, or would serve it once and then be unknown.
 */
export function restsOnUpstream({ name }: Operation, body: unknown): boolean {
  if (!isRecord(body)) return true;
  if (String(body['model']).startsWith('ft:')) return true;
  switch (name) {
    case 'responses.create':
      // Responses are kept unless the call says otherwise.
      return (
        body['store'] !== false || body['background'] === true || hasAny(body, state) || refersToStored(body)
      );
    case 'chat.completions.create':
      return body['store'] === true || refersToStored(body);
    case 'completions.create':
    case 'embeddings.create':
    case 'moderations.create':
    case 'images.generate':
    case 'audio.speech.create':
      return false;
    default:
      return true;
  }
}

/** What a Response goes on from. */
const state = ['previous_response_id', 'conversation', 'prompt'];
const references = ['file_id', 'file_ids', 'vector_store_ids', 'encrypted_content'];

/** Schemas of functions and answers name whatever they like. */
const schemas: ReadonlySet<string> = new Set(['parameters', 'schema']);

/** Deeper than any request is. */
const maxDepth = 64;

function refersToStored(value: unknown, depth = 0): boolean {
  if (depth > maxDepth) return true;
  if (Array.isArray(value)) return value.some((item) => refersToStored(item, depth + 1));
  if (!isRecord(value)) return false;
  if (value['type'] === 'item_reference' || typeof value['container'] === 'string') return true;
  // Of an answer in speech, which the next turn names instead of sending it.
  if (isRecord(value['audio']) && typeof value['audio']['id'] === 'string') return true;
  if (hasAny(value, references)) return true;
  return Object.entries(value).some(
    ([key, member]) => !schemas.has(key) && refersToStored(member, depth + 1),
  );
}

function hasAny(value: Record<string, unknown>, keys: readonly string[]): boolean {
  return keys.some((key) => value[key] !== undefined && value[key] !== null);
}
