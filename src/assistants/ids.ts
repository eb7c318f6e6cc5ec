import { randomInt } from 'node:crypto';

export type IdPrefix = 'asst_' | 'thread_' | 'msg_' | 'run_' | 'step_' | 'call_';

export type NewId = (prefix: IdPrefix) => string;

/** A prefix and 24 letters and digits, as OpenAI's ids have them; nobody can guess one. */
export const randomId: NewId = (prefix) => {
  let id: string = prefix;
  for (let length = 0; length < 24; length++) id += alphabet[randomInt(alphabet.length)];
  return id;
};

const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
