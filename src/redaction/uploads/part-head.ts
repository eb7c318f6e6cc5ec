import { isUtf8 } from 'node:buffer';

import { ProxyError } from '../../errors.ts';

/** What a part says of itself, in the order in which it does. */
export interface PartHead {
  /** Lines of other names are dropped: nobody reads them (RFC 7578, section 4.8). */
  readonly fields: readonly HeadField[];
}

export interface HeadField {
  readonly name: 'content-disposition' | 'content-type' | 'content-transfer-encoding';
  /** In lower case. */
  readonly value: string;
  readonly parameters: readonly Parameter[];
  /** As it was written, or is to be. */
  readonly line: string;
}

export interface Parameter {
  /** In lower case; ends in `*` if the value is written as in RFC 5987. */
  readonly name: string;
  /** As it is meant, but for backslashes and percent signs in a quoted one, which readers take in different ways. */
  readonly value: string;
}

/** Throws `malformed_multipart` at whatever readers might take in different ways. */
export function parsePartHead(bytes: Buffer): PartHead {
  if (!isUtf8(bytes)) throw malformed();
  const lines = bytes.toString('utf8').split('\r\n');
  return { fields: lines.filter((line) => line !== '').flatMap(parseLine) };
}

/** The same field with other values of its parameters; the very same if they are no others. */
export function withParameters(field: HeadField, parameters: readonly Parameter[]): HeadField {
  if (parameters.every(({ value }, index) => value === field.parameters[index]?.value)) return field;
  const parts = [`${title(field.name)}: ${field.value}`, ...parameters.map(writeParameter)];
  return { ...field, parameters, line: parts.join('; ') };
}

/** The value of a field without its parameters, or of one of these; undefined if it isn't there. */
export function readHead(head: PartHead, name: HeadField['name'], parameter?: string): string | undefined {
  const field = head.fields.find((each) => each.name === name);
  if (parameter === undefined) return field?.value;
  const ofName = (wanted: string) => field?.parameters.find((each) => each.name === wanted)?.value;
  return ofName(`${parameter}*`) ?? ofName(parameter);
}

function parseLine(line: string): HeadField[] {
  const [, name = '', value = ''] = /^([\w!#$%&'*+.^`|~-]+):[ \t]*([^\0\r\n]*)$/.exec(line) ?? [];
  const known = name.toLowerCase();
  if (known === '') throw malformed();
  if (known !== 'content-disposition' && known !== 'content-type' && known !== 'content-transfer-encoding')
    return [];
  const [, token = '', rest = ''] = /^([\w!#$%&'*+./^`|~-]*)[ \t]*(.*)$/.exec(value) ?? [];
  return [{ name: known, value: token.toLowerCase(), parameters: parseParameters(rest), line }];
}

function parseParameters(text: string): Parameter[] {
  const parameters: Parameter[] = [];
  const next = /[ \t]*;[ \t]*([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"\\]*))[ \t]*/y;
  while (next.lastIndex < text.length) {
    const { lastIndex } = next;
    const found = next.exec(text);
    if (found === null) {
      // Some end the line with a semicolon.
      if (/^[ \t]*;?[ \t]*$/.test(text.slice(lastIndex))) break;
      throw malformed();
    }
    const [, name = '', quoted, plain = ''] = found;
    const isExtended = name.endsWith('*') && quoted === undefined;
    parameters.push({ name: name.toLowerCase(), value: isExtended ? decode(plain) : (quoted ?? plain) });
  }
  if (new Set(parameters.map(({ name }) => name)).size !== parameters.length) throw malformed();
  return parameters;
}

function writeParameter({ name, value }: Parameter): string {
  if (!name.endsWith('*')) return `${name}="${value}"`;
  const escaped = encodeURIComponent(value).replaceAll(
    /['()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16)}`,
  );
  return `${name}=UTF-8''${escaped}`;
}

function decode(extended: string): string {
  const [, text] = /^utf-8'[\w-]*'(.*)$/i.exec(extended) ?? [];
  try {
    if (text !== undefined) return decodeURIComponent(text);
  } catch {
    // The same as one in another encoding.
  }
  throw malformed();
}

function title(name: string): string {
  return name.replaceAll(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}

function malformed(): ProxyError {
  return new ProxyError('malformed_multipart', {
    message: 'The headers of a part are not as in RFC 7578. Check its Content-Disposition and Content-Type.',
  });
}
