/** The kinds of keys that the configuration schema is made of. Each needs a default and one line of meaning. */
import { BlockList, isIP } from 'node:net';

import Type from 'typebox';

/** A mapping with fixed keys. Left out, it takes the defaults of its keys. */
export function section<Properties extends Type.TProperties>(properties: Properties) {
  return Type.Object(properties, { additionalProperties: false, default: {} });
}

export function text(defaultValue: string, description: string) {
  return Type.String({ default: defaultValue, description });
}

/** Sent as a header. A stray newline, as files and Secrets like to end in, would break every request. */
export function headerText(defaultValue: string, description: string, options: { secret?: true } = {}) {
  const marks = options.secret ? { writeOnly: true } : {};
  return Type.Refine(
    Type.String({ default: defaultValue, description, ...marks }),
    (value) => /^[\x21-\x7e]*$/.test(value),
    () => 'must be printable ASCII without spaces or line ends, because it is sent as a header',
  );
}

export function choice<const Values extends readonly string[]>(
  values: Values,
  defaultValue: Values[number],
  description: string,
) {
  return Type.Enum<[...Values]>([...values], { default: defaultValue, description });
}

export function integer(
  defaultValue: number,
  description: string,
  { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = {},
) {
  return Type.Integer({ default: defaultValue, minimum, maximum, description });
}

/** Node's timers fire at once on anything longer than a signed 32-bit number of milliseconds. */
export function milliseconds(defaultValue: number, description: string, { minimum = 1 } = {}) {
  return integer(defaultValue, description, { minimum, maximum: 2_147_483_647 });
}

/** The trailing slash is dropped, so that a path that starts with one can be appended. */
export function baseUrl(defaultValue: string, description: string) {
  const schema = Type.Refine(
    Type.String({ default: defaultValue, description }),
    (value) => isPlainHttpUrl(value),
    () => 'must be an http or https URL without credentials, query or fragment',
  );
  return Type.Decode(schema, (value) => value.replace(/\/+$/, ''));
}

/** Credentials are allowed here, and hidden where the configuration is shown. */
export function proxyUrl(defaultValue: string, description: string) {
  return Type.Refine(
    Type.String({ default: defaultValue, description }),
    (value) => value === '' || parseHttpUrl(value) !== undefined,
    () => 'must be empty or an http or https URL, such as http://proxy.example:3128',
  );
}

export function host(defaultValue: string, description: string) {
  return Type.String({ default: defaultValue, minLength: 1, description });
}

export function loopbackHost(defaultValue: string, description: string) {
  return Type.Refine(
    host(defaultValue, description),
    isLoopback,
    () => "listens beyond loopback need callers' keys, which this version can't check yet; use 127.0.0.1",
  );
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

function isLoopback(value: string): boolean {
  if (value === 'localhost') return true;
  const family = isIP(value);
  if (family === 0) return false;
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  return loopback.check(value, family === 6 ? 'ipv6' : 'ipv4');
}
