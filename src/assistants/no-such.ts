import { ProxyError } from '../errors.ts';
import { shorten } from './params/fail.ts';

/** 404 about an object that isn't there, in OpenAI's words: `No thread found with id 'thread_x'.` */
export function noSuch(kind: ObjectKind, id: string): ProxyError {
  return new ProxyError('no_such_object', { message: `No ${kind} found with id '${shorten(id)}'.` });
}

export type ObjectKind = 'assistant' | 'thread' | 'message' | 'run' | 'run step';
