/** The keys of the store that budgets, limits, assistants and threads are kept in. */
import { checkedText, milliseconds, section, text } from './fields.ts';

export const storeSection = section({
  redisUrl: checkedText(
    'Redis, shared by all pods: `redis://`, `redis+sentinel://` or `redis+cluster://`, each also with `rediss`; empty: a store of this pod alone.',
    (value) => /^$|^rediss?(\+(sentinel|cluster))?:\/\/[^\s/]\S*$/.test(value),
    'must be empty or a URL of redis://, rediss://, redis+sentinel://, rediss+sentinel://, redis+cluster:// or rediss+cluster://',
    { default: '${REDIS_URL:-}', secret: true },
  ),
  stateDir: checkedText(
    "Folder of this pod's own store; beside Redis, of the charges that it can't take for the moment.",
    (value) => value !== '' && !value.includes('\0'),
    'must name a folder',
    { default: './state' },
  ),
  timeoutMs: milliseconds(250, 'How long a decision may take before `onStoreOutage` applies.'),
  encryptionKeyFile: text(
    '',
    'File with keys that what is kept of assistants and threads is encrypted with, a line `id:base64` of 32 bytes each, the first for what is written; empty: as it is.',
  ),
  keyPrefix: checkedText(
    'What the names of all keys in Redis begin with.',
    (value) => /^[\w:.-]{1,64}$/.test(value),
    'must be 1 to 64 letters, digits and any of _ : . -',
    { default: 'assistant-proxy' },
  ),
  leaseMs: milliseconds(15_000, 'How long the hold of a crashed pod lives, before it is settled for it.', {
    minimum: 1000,
  }),
});
