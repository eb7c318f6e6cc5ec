/** The keys that say whose a call is, and who may call. */
import Type from 'typebox';

import { callerKey, checkedText, entry, list, name, oneOrMany, section, text } from './fields.ts';

const sourceForms = 'metadata.KEY, header:NAME, body.user, body.safety_identifier, body.prompt_cache_key';

/** Headers that hold a secret, which would end up in scopes, logs and the store. */
const secretHeaders = new Set(['authorization', 'proxy-authorization', 'api-key', 'x-api-key', 'cookie']);

export const identitySection = section({
  org: fixedText('default', 'The organisation, a fixed text: no request can change it.', { minLength: 1 }),
  team: sources('team'),
  app: sources('application'),
  user: sources('user'),
});

export const authSection = section({
  keys: list(
    Type.Refine(
      entry({
        name: name('What the key is called in messages.'),
        key: callerKey('The key itself, of 16 characters or more; or else `keyFile`.'),
        keyFile: text('', 'File that holds the key; read again when it changes.'),
        identity: section({
          org: fixedText('', 'Organisation of calls with this key; empty: as `identity` says.'),
          team: fixedText('', 'Team of calls with this key; empty: as `identity` says.'),
          app: fixedText('', 'Application of calls with this key; empty: as `identity` says.'),
          user: fixedText('', 'User of calls with this key; empty: as `identity` says.'),
        }),
      }),
      ({ key, keyFile }) => (key === '') !== (keyFile === ''),
      () => 'needs one of key and keyFile',
    ),
    'Keys of callers, as a bearer token or in `api-key`; with any of them, a call without one is refused.',
  ),
});

function sources(whose: string) {
  const source = checkedText(
    `A source of the ${whose}, or a fixed text.`,
    (value) => isSource(value) || isFixedText(value),
    `must be one of ${sourceForms}, or a fixed text of at most 128 characters; headers with secrets are no source`,
  );
  return oneOrMany(source, `The ${whose}: a fixed text, or sources tried in order (${sourceForms}).`, {
    default: [],
  });
}

function fixedText(defaultValue: string, description: string, { minLength = 0 } = {}) {
  return checkedText(
    description,
    (value) => value.length >= minLength && isFixedText(value),
    `must be a fixed text of ${minLength} to 128 printable characters; a source, such as metadata.KEY, is none`,
    { default: defaultValue },
  );
}

function isSource(value: string): boolean {
  if (/^metadata\.[\w.-]{1,64}$/.test(value)) return true;
  if (/^body\.(user|safety_identifier|prompt_cache_key)$/.test(value)) return true;
  const header = /^header:([\w!#$%&'*+.^`|~-]+)$/.exec(value)?.[1];
  return header !== undefined && !secretHeaders.has(header.toLowerCase());
}

/** What was meant as a source and misspelled must not become everybody's name. */
function isFixedText(value: string): boolean {
  return value.length <= 128 && !/\p{Cc}/u.test(value) && !/^(metadata|body|headers?)[.:]/i.test(value);
}
