/** The keys that say which personal data is found, and what becomes of it. */
import Type from 'typebox';

import { patternProblem } from './check-pattern.ts';
import {
  checkedText,
  choice,
  entry,
  flag,
  headerText,
  integer,
  list,
  milliseconds,
  number,
  optionalBaseUrl,
  section,
  text,
} from './fields.ts';

const modes = ['off', 'mask', 'hash', 'pseudonymize', 'block', 'observe'] as const;

const modeMeanings =
  '`mask` writes `[EMAIL]`; `hash` `[EMAIL:1a2b3c4d5e6f]`; `pseudonymize` `<EMAIL_1>`, and the original back into answers; `block` refuses the call; `observe` only counts';

const ownMode = Type.Optional(
  Type.Enum([...modes], { description: 'What becomes of it; left out: as `redaction.mode` says.' }),
);

const overrides = Type.Array(
  entry({
    name: entityName('Which entity: a built-in one, one of `custom`, or one that the analyzer finds.'),
    mode: ownMode,
    threshold: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description: 'How sure a finding must be, from 0 to 1; left out: as is best for it.',
      }),
    ),
  }),
);

/** Written as `default`, or as a list of what is otherwise; a list from then on. */
const entities = Type.Decode(
  Type.Union([Type.Enum(['default']), overrides], {
    default: 'default',
    description:
      'All that are known, each as `redaction.mode` says; or a list of those for which it is otherwise.',
  }),
  (value) => (value === 'default' ? [] : value) as Type.StaticDecode<typeof overrides>,
);

const custom = list(
  entry({
    name: checkedText(
      'What it is called; in upper case in placeholders and metrics.',
      (value) => /^[A-Za-z]\w{0,39}$/.test(value),
      'must be 1 to 40 letters, digits and underscores, and start with a letter',
    ),
    pattern: Type.Refine(
      Type.String({ description: 'What it looks like: a regular expression of RE2.' }),
      (value) => patternProblem(value) === undefined,
      (value) => patternProblem(value) ?? '',
    ),
    mode: ownMode,
  }),
  'Further entities, each found by a pattern.',
);

const analyzer = section({
  url: optionalBaseUrl(
    'Presidio analyzer that finds names and places, such as http://127.0.0.1:3000; empty: none.',
  ),
  language: checkedText(
    'Language that it takes texts to be in.',
    (value) => /^[a-z]{2,3}$/.test(value),
    'must be a code of two or three letters, such as en',
    { default: 'en' },
  ),
  entities: Type.Array(entityName('An entity, by its name there.'), {
    default: ['PERSON', 'LOCATION'],
    minItems: 1,
    maxItems: 100,
    uniqueItems: true,
    description: 'What it is asked for, by its names there.',
  }),
  timeoutMs: milliseconds(2000, 'How long it may take for all texts of a request.', { maximum: 60_000 }),
  threshold: number(0.5, 'How sure it must be, from 0 to 1.', { maximum: 1 }),
  onFailure: choice(
    ['refuse', 'skip'],
    'refuse',
    'Whether a call is refused while it fails, or goes on without what it would find.',
  ),
});

export const redactionSection = section({
  mode: choice(modes, 'off', `What becomes of personal data and secrets: ${modeMeanings}.`),
  entities,
  optOut: choice(
    ['deny', 'allow'],
    'deny',
    'Whether a call with `metadata.redact` of `"false"` is not redacted; each is counted.',
  ),
  allow: list(
    checkedText(
      'A text.',
      (value) => value.trim() !== '' && value.length <= 1000,
      'must be 1 to 1000 characters, and not only spaces',
    ),
    'Texts that are never taken for personal data, such as a public address.',
  ),
  custom,
  phoneRegions: Type.Array(
    checkedText(
      'A country.',
      isRegion,
      'must be a country of ISO 3166, by its two letters in upper case, such as US',
    ),
    {
      default: ['US'],
      uniqueItems: true,
      description: 'Countries whose phone numbers are found without a country code, too.',
    },
  ),
  outputs: flag(false, 'Whether what models answer is scanned, too.'),
  hashKey: headerText(
    '',
    'Secret of `hash` and of names that are hidden, of 16 characters or more; the same for all pods.',
    {
      secret: true,
    },
  ),
  hashKeyFile: text('', 'File that holds it; read again when it changes, and wins over `hashKey`.'),
  encryptionKeyFile: text(
    '',
    'File with keys that originals of `pseudonymize` are encrypted with, as `store.encryptionKeyFile`; empty: that one.',
  ),
  keepSeconds: integer(
    2_592_000,
    'How long the originals of a thread or conversation are kept after they were last needed.',
    { minimum: 60, maximum: 31_536_000 },
  ),
  analyzer,
});

function entityName(description: string) {
  return checkedText(
    description,
    (value) => /^[A-Z][A-Z0-9_]{0,39}$/.test(value),
    'must be 1 to 40 upper-case letters, digits and underscores, and start with a letter',
  );
}

function isRegion(value: string): boolean {
  if (!/^[A-Z]{2}$/.test(value)) return false;
  return new Intl.DisplayNames('en', { type: 'region', fallback: 'none' }).of(value) !== undefined;
}
