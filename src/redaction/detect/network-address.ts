import { isIPv6 } from 'node:net';

import { codeAt } from './code-at.ts';
import { type NumberGroups, gap } from './number-groups.ts';
import type { Report } from './report.ts';

/** Four groups with dots: what they are worth as an IPv4 address. Those of no one are left. */
export function weighIpv4(text: string, groups: NumberGroups): number | undefined {
  if (groups.count < 4) return undefined;
  for (let index = 0; index < 4; index += 1) {
    const length = groups.ends[index]! - groups.starts[index]!;
    if (length > 3 || (index < 3 && groups.gaps[index] !== gap.dot)) return undefined;
    const octet = text.slice(groups.starts[index], groups.ends[index]);
    if (Number(octet) > 255 || (length > 1 && octet[0] === '0')) return undefined;
  }
  if (groups.gaps[3] === gap.dot) return undefined;
  const address = text.slice(groups.starts[0], groups.ends[3]);
  // Unspecified, loopback, masks and broadcast (RFC 6890).
  if (/^(?:0\.|127\.|255\.)/.test(address)) return undefined;
  return /^\d\.\d\.\d\.\d$/.test(address) ? 0.5 : 0.7;
}

/** From a `:` that hexadecimal digits stand before, or another one behind. Reports the address around it. */
export function findColonAddress(text: string, colonAt: number, report: Report): number {
  if (!isDenselyColoned(text, colonAt)) return colonAt + 1;
  let from = colonAt;
  while (from > 0 && colonAt - from < 5 && isHex(codeAt(text, from - 1))) from -= 1;
  if (from > 0 && isTokenPart(codeAt(text, from - 1))) return colonAt + 1;
  address.lastIndex = from;
  const match = address.exec(text);
  if (!match) return colonAt + 1;
  // Where a colon only ends the sentence.
  const found = match[0].endsWith('::') ? match[0] : match[0].replace(/[:.]+$/, '');
  const end = from + found.length;
  if (isTokenPart(codeAt(text, end))) return end;
  if (/^[\dA-Fa-f]{2}(?::[\dA-Fa-f]{2}){5}$/.test(found)) report('MAC_ADDRESS', from, end, 0.9);
  else if (found.length > 5 && isIPv6(found) && found.toLowerCase() !== '::ffff:127.0.0.1') {
    report('IP_ADDRESS', from, end, /\d/.test(found) || found.length > 12 ? 0.9 : 0.4);
  }
  return end;
}

/** Another colon follows before six characters are over, as it does in every such address. */
function isDenselyColoned(text: string, colonAt: number): boolean {
  for (let at = colonAt + 1; at < colonAt + 6; at += 1) {
    const code = codeAt(text, at);
    if (code === 58) return true;
    if (!isHex(code)) return false;
  }
  return false;
}

/** From two hexadecimal digits: `00-1B-44-11-3A-B7`, `001b.4411.3ab7`. */
export function findDashedMac(text: string, start: number, report: Report): void {
  dashedMac.lastIndex = start;
  const match = dashedMac.exec(text);
  if (match && /\d/.test(match[0])) report('MAC_ADDRESS', start, start + match[0].length, 0.75);
}

const address = /[\dA-Fa-f:]{2,39}(?:\.\d{1,3}){0,3}/y;

const dashedMac =
  /(?:[\dA-Fa-f]{2}(?:-[\dA-Fa-f]{2}){5}|[\dA-Fa-f]{4}\.[\dA-Fa-f]{4}\.[\dA-Fa-f]{4})(?![\w-]|\.\w)/y;

function isHex(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 70) || (code >= 97 && code <= 102);
}

function isTokenPart(code: number): boolean {
  return (
    (code >= 48 && code <= 58) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95
  );
}
