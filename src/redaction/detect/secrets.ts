import { codeAt } from './code-at.ts';
import type { Report } from './report.ts';
import { secretShapes } from './secret-shapes.ts';

/** From where a word begins that may be the prefix of a key. Returns the end of what was found. */
export function findKey(text: string, start: number, report: Report): number | undefined {
  const shapes = shapesByStart.get(codeAt(text, start) * 256 + codeAt(text, start + 1));
  if (!shapes) return undefined;
  if (isJoined(codeAt(text, start - 1))) return undefined;
  for (const { pattern, needsMixture } of shapes) {
    pattern.lastIndex = start;
    const match = pattern.exec(text);
    if (!match || (needsMixture && !isMixed(match[0]))) continue;
    const end = start + match[0].length;
    report('SECRET', start, end, 0.95);
    return end;
  }
  return undefined;
}

/** RFC 7519, from `eyJ`: header and payload begin so, as both are JSON objects. */
export function findJwt(text: string, start: number, report: Report): number | undefined {
  if (isJoined(codeAt(text, start - 1))) return undefined;
  jwt.lastIndex = start;
  const match = jwt.exec(text);
  if (!match) return undefined;
  const end = start + match[0].length;
  report('SECRET', start, end, 0.97);
  return end;
}

/** Whether the word before an `=` or `:` ends as password, passwd, pwd, key, token and secret do. */
export function mayBeAssigned(text: string, signAt: number): boolean {
  let at = signAt - 1;
  // A quote, an escaped one, a space
  while (at > signAt - 4 && !isLetterCode(codeAt(text, at))) at -= 1;
  const last = codeAt(text, at) | 32;
  if (last !== d && last !== y && last !== n && last !== t) return false;
  const lastButOne = codeAt(text, at - 1) | 32;
  const before = codeAt(text, at - 2) | 32;
  if (last === d)
    return (lastButOne === r && before === o) || (lastButOne === w && (before === s || before === p));
  return lastButOne === e && before === (last === t ? r : k);
}

const [d, e, k, n, o, p, r, s, t, w, y] = [100, 101, 107, 110, 111, 112, 114, 115, 116, 119, 121];

function isLetterCode(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

/** From an `=` or `:` behind a word such as `password`: its value. */
export function findAssigned(text: string, signAt: number, report: Report): void {
  const name = assignedName.exec(text.slice(Math.max(0, signAt - 28), signAt));
  if (!name) return;
  const isEquals = codeAt(text, signAt) === 61;
  assignedValue.lastIndex = signAt + 1;
  const match = assignedValue.exec(text);
  if (!match) return;
  const value = match[1]!;
  const end = assignedValue.lastIndex;
  const from = end - value.length;
  const next = codeAt(text, end);
  // A call or a look-up: code that says where the secret is.
  if (next === 40 || next === 91 || /^(?:process\.|os\.|env\.|config\.|self\.|this\.)/i.test(value)) return;
  const nameStart = signAt - name[0].length;
  const isPair = isEquals && from === signAt + 1 && (next === 59 || isPairSign(codeAt(text, nameStart - 1)));
  if (isPair && value.length >= 4) report('SECRET', from, end, 0.75);
  else if (value.length >= 16 && isMixed(value)) report('SECRET', from, end, 0.6);
}

/** From `-----BEGIN`: a private key, to its end line if there is one. Returns the end of what was found. */
export function findPrivateKey(text: string, start: number, report: Report): number | undefined {
  keyHead.lastIndex = start;
  if (!keyHead.test(text)) return undefined;
  const bodyStart = keyHead.lastIndex;
  keyBody.lastIndex = bodyStart;
  keyBody.test(text);
  const bodyEnd = keyBody.lastIndex;
  keyTail.lastIndex = bodyEnd;
  const end = keyTail.test(text) ? keyTail.lastIndex : bodyEnd;
  // Without its end it is a key only if there is one, and not a sentence about keys.
  if (end === bodyEnd && !/^(?:\\[rn]|\s){0,8}[A-Za-z0-9+/=]{40}/.test(text.slice(bodyStart, bodyStart + 60)))
    return undefined;
  report('SECRET', start, end, 0.98);
  return end;
}

/** Grouped by their first two characters, so that most words are dismissed by one look-up. */
const shapesByStart = Map.groupBy(
  secretShapes.map(({ pattern, needsMixture = false }) => ({
    pattern: new RegExp(pattern, 'y'),
    needsMixture,
    start: pattern.replace('\\', '').slice(0, 2),
  })),
  ({ start }) => start.charCodeAt(0) * 256 + start.charCodeAt(1),
);

const jwt = /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]*/y;

const assignedName =
  /(?:password|passwd|pwd|accountkey|sharedaccesskey|sharedsecret|accesskey|secret[_-]?(?:access[_-]?)?key|api[_-]?key|access[_-]?token|auth[_-]?token|client[_-]?secret|secret)(?:\\?["'])?\s?$/i;
const assignedValue = /\s?(?:\\?["'])?([^\s;,'"&<>(){}[\]$\\]{4,200})/y;

const keyHead = /-----BEGIN (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----/y;
/** Base64 lines behind the headers of an encrypted one; line breaks may be escaped. */
const keyBody =
  /(?:(?:\\[rn]|\s){0,8}Proc-Type: 4,ENCRYPTED(?:\\[rn]|\s){0,8}DEK-Info: [A-Z0-9-]{1,20},)?[A-Za-z0-9+/=\s\\:,.]*/y;
const keyTail = /-----END (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----/y;

/** At least one digit, and letters: what chance makes of a key, and words do not. */
function isMixed(value: string): boolean {
  return /\d/.test(value) && /[A-Za-z]/.test(value);
}

function isPairSign(code: number): boolean {
  return code === 59 || code === 63 || code === 38;
}

function isJoined(code: number): boolean {
  return (
    (code >= 48 && code <= 57) ||
    (code >= 65 && code <= 90) ||
    (code >= 97 && code <= 122) ||
    code === 95 ||
    code === 45
  );
}
