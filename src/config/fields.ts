/** The kinds of keys that the configuration schema is made of. Each needs a default and one line of meaning. */
import Type from 'typebox';

/** A mapping with fixed keys. Left out, it takes the defaults of its keys. */
export function section<Properties extends Type.TProperties>(properties: Properties) {
  return Type.Object(properties, { additionalProperties: false, default: {} });
}

/** What is in a list or is optional: it has no default, and so must be written or may be absent. */
export function entry<Properties extends Type.TProperties>(properties: Properties) {
  return Type.Object(properties, { additionalProperties: false });
}

export function list<Item extends Type.TSchema>(item: Item, description: string) {
  return Type.Array(item, { default: [], description });
}

/** Written as one value or as a list of such; a list from then on. */
export function oneOrMany<Item extends Type.TSchema>(
  item: Item,
  description: string,
  { default: defaultValue }: { default?: readonly [] } = {},
) {
  const isEmptyAllowed = defaultValue !== undefined;
  const forms = Type.Union([item, Type.Array(item, isEmptyAllowed ? {} : { minItems: 1 })], {
    description,
    ...(isEmptyAllowed ? { default: defaultValue } : {}),
  });
  return Type.Decode(forms, (value) => [value].flat() as Type.StaticDecode<Item>[]);
}

export function text(defaultValue: string, description: string) {
  return Type.String({ default: defaultValue, description });
}

/** A text that `isFit` takes; `complaint` says what it must be. Without a default it must be written. */
export function checkedText(
  description: string,
  isFit: (value: string) => boolean,
  complaint: string,
  options: { default?: string; secret?: true } = {},
) {
  const { default: defaultValue, secret } = options;
  return Type.Refine(
    Type.String({
      description,
      ...(defaultValue === undefined ? {} : { default: defaultValue }),
      ...(secret ? { writeOnly: true } : {}),
    }),
    isFit,
    () => complaint,
  );
}

/** Sent as a header. A stray newline, as files and Secrets like to end in, would break every request. */
export function headerText(defaultValue: string, description: string, options: { secret?: true } = {}) {
  return checkedText(
    description,
    (value) => /^[\x21-\x7e]*$/.test(value),
    'must be printable ASCII without spaces or line ends, because it is sent as a header',
    { ...options, default: defaultValue },
  );
}

/** A key that callers send. It is guessed at over the network, so it must be long. */
export function callerKey(description: string) {
  return checkedText(
    description,
    (value) => /^$|^[\x21-\x7e]{16,}$/.test(value),
    'must be 16 characters or more of printable ASCII, without spaces or line ends',
    { default: '', secret: true },
  );
}

/** What budgets, limits and keys are called: in scopes, metrics and messages. */
export function name(description: string) {
  return checkedText(
    description,
    (value) => /^[a-z0-9][a-z0-9-]{0,62}$/.test(value),
    'must be 1 to 63 lower-case letters, digits and hyphens, and not start with a hyphen',
  );
}

export function choice<const Values extends readonly string[]>(
  values: Values,
  defaultValue: Values[number],
  description: string,
) {
  return Type.Enum<[...Values]>([...values], { default: defaultValue, description });
}

export function flag(defaultValue: boolean, description: string) {
  return Type.Boolean({ default: defaultValue, description });
}

export function integer(
  defaultValue: number,
  description: string,
  { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = {},
) {
  return Type.Integer({ default: defaultValue, minimum, maximum, description });
}

export function number(
  defaultValue: number,
  description: string,
  { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = {},
) {
  return Type.Number({ default: defaultValue, minimum, maximum, description });
}

/** Node's timers fire at once on anything longer than a signed 32-bit number of milliseconds. */
export function milliseconds(
  defaultValue: number,
  description: string,
  { minimum = 1, maximum = 2_147_483_647 } = {},
) {
  return integer(defaultValue, description, { minimum, maximum });
}

/**
 * The trailing slash is dropped, so that a path that starts with one can be appended. Without a default it must be
 * written.
 */
export function baseUrl(defaultValue: string | undefined, description: string) {
  const schema = Type.Refine(
    Type.String({ ...(defaultValue === undefined ? {} : { default: defaultValue }), description }),
    (value) => isPlainHttpUrl(value),
    () => 'must be an http or https URL without credentials, query or fragment',
  );
  return Type.Decode(schema, withoutTrailingSlash);
}

/** The same, where none is needed. */
export function optionalBaseUrl(description: string) {
  const schema = Type.Refine(
    Type.String({ default: '', description }),
    (value) => value === '' || isPlainHttpUrl(value),
    () => 'must be empty or an http or https URL without credentials, query or fragment',
  );
  return Type.Decode(schema, withoutTrailingSlash);
}

/** Credentials are allowed here, and hidden where the configuration is shown. */
export function proxyUrl(defaultValue: string, description: string) {
  return optionalUrl(description, 'http://proxy.example:3128', { default: defaultValue });
}

/** The whole URL is a secret: those of chat tools are as good as a password. */
export function webhookUrl(description: string) {
  return optionalUrl(description, 'https://hooks.example/budgets', { default: '', secret: true });
}

function optionalUrl(description: string, example: string, options: { default: string; secret?: true }) {
  return checkedText(
    description,
    (value) => value === '' || parseHttpUrl(value) !== undefined,
    `must be empty or an http or https URL, such as ${example}`,
    options,
  );
}

export function host(defaultValue: string, description: string) {
  return Type.String({ default: defaultValue, minLength: 1, description });
}

function withoutTrailingSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

function isPlainHttpUrl(value: string): boolean {
  const url = parseHttpUrl(value);
  if (url === undefined || url.username !== '' || url.password !== '') return false;
  // URL drops an empty query or fragment, so the text itself is looked at.
  return !/[?#]/.test(value);
}

function parseHttpUrl(value: string): URL | undefined {
  if (!/^https?:\/\/[^/\s]/i.test(value) || /[\s\\]/.test(value)) return undefined;
  return URL.parse(value) ?? undefined;
}
