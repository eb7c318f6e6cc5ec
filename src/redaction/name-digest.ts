import { createHmac } from 'node:crypto';

/**
 * What stands for a name that is personal data: `hidden-` and 16 hexadecimal digits, the same for the same name wherever
 * the key is.
 */
export type HideName = (name: string) => string;

/** @param key asked at every call, so that a rotated one is used at once */
export function createHideName(key: () => string | Buffer): HideName {
  return (name) => `hidden-${createHmac('sha256', key()).update(name).digest('hex').slice(0, 16)}`;
}
