/** The keys that say whose a call is, and who may call. */
import Type from 'typebox';

import { callerKey, checkedText, entry, list, name, oneOrMany, section, text } from './fields.ts';

const sourceForms = 'metadata.KEY, header:NAME, body.user, body.safety_identifier, body.prompt_cache_key';

/** Headers that hold a secret, which would end up in scopes, logs and the store. */
const secretHeaders = new Set(['authorization', 'proxy-authorization', 'api-key', 'x-api-key', 'cookie']);

export const identitySection = section({
  org: fixedText('The organisation, a fixed text: no request can change it.', { default: 'default' }),
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
          org: keyIdentity('Organisation'),
          team: keyIdentity('Team'),
          app: keyIdentity('Application'),
          user: keyIdentity('User'),
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

function keyIdentity(what: string) {
  return Type.Optional(
    fixedText(`${what} of calls with this key, whatever they say; else as \`identity\` says.`),
  );
}

function fixedText(description: string, options: { default?: string } = {}) {
  return checkedText(
    description,
    (value) => value !== '' && isFixedText(value),
    'must be a fixed text of 1 to 128 printable characters; a source, such as metadata.KEY, is none',
    options,
  );
}

export function isSource(value: string): boolean {
  if (/^metadata\.[\w.-]{1,64}$/.test(value)) return true;
  if (/^body\.(user|safety_identifier|prompt_cache_key)$/.test(value)) return true;
  const header = /^header:([\w!#$%&'*+.^`|~-]+)$/.exec(value)?.[1];
  return header !== undefined && !secretHeaders.has(header.toLowerCase());
}

/** What was meant as a source and misspelled must not become everybody's name. */
function isFixedText(value: string): boolean {
  return value.length <= 128 && !/\p{Cc}/u.test(value) && !/^(metadata|body|headers?)[.:]/i.test(value);
}
