import type { Operation } from './operations.ts';

/**
 * How an operation spends its time: a `generation` waits for a model, a `lookup` reads or changes what is stored, a
 * `transfer` moves files.
 */
export type OperationClass = 'generation' | 'lookup' | 'transfer';

/** @param query as in the path, with its question mark. */
export function classOf({ name, method, requestBody, usage }: Operation, query: string): OperationClass {
  if (transferNames.test(name) || (requestBody === 'multipart' && usage === null)) return 'transfer';
  // Nobody knows what an unknown operation does. A Response that is worked on can be listened to.
  if (name === 'unknown' || (usage !== null && query.includes('stream=true'))) return 'generation';
  return usage !== null && method === 'POST' && !/\.(?:cancel|update)$/.test(name) ? 'generation' : 'lookup';
}

const transferNames = /\.(?:content|downloadContent|downloadRecording)$/;
