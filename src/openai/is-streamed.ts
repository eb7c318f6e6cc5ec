import { isRecord } from './is-record.ts';

/** Whether a call asks for its answer as a stream, by its body or, of a Response that is worked on, by its query. */
export function isStreamed(body: unknown, query: string): boolean {
  return (isRecord(body) && body['stream'] === true) || query.includes('stream=true');
}
