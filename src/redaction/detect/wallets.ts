import { createHash } from 'node:crypto';

import type { Report } from './report.ts';

/** From a token of letters and digits. */
export function findWallet(text: string, start: number, end: number, report: Report): void {
  const length = end - start;
  if (length === 42 && ethereum.test(text.slice(start, end)))
    return report('CRYPTO_WALLET', start, end, 0.75);
  if (length < 26 || length > 95) return;
  const token = text.slice(start, end);
  if (bech32.test(token)) {
    if (passesBech32(token.toLowerCase())) report('CRYPTO_WALLET', start, end, 0.95);
  } else if (length <= 35 && base58.test(token)) {
    if (passesBase58Check(token)) report('CRYPTO_WALLET', start, end, 0.95);
  } else if (length === 95 && monero.test(token)) {
    report('CRYPTO_WALLET', start, end, 0.7);
  } else if (length >= 43 && length <= 44 && solana.test(token)) {
    report('CRYPTO_WALLET', start, end, 0.3);
  }
}

const ethereum = /^0x[\dA-Fa-f]{40}$/;
const bech32 = /^(?:bc1|ltc1|tb1|BC1)[\dA-Za-z]{23,80}$/;
/** What the addresses of Bitcoin, Litecoin, Dogecoin, Tron, Dash and Zcash begin with. */
const base58 = /^[13LMDTXt9A][1-9A-HJ-NP-Za-km-z]{25,34}$/;
const monero = /^[48][1-9A-HJ-NP-Za-km-z]{94}$/;
const solana = /^[1-9A-HJ-NP-Za-km-z]{43,44}$/;

const base58Alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** The last four of 25 bytes are those that SHA-256 twice of the others begins with. */
function passesBase58Check(token: string): boolean {
  let value = 0n;
  for (const character of token) value = value * 58n + BigInt(base58Alphabet.indexOf(character));
  const hex = value.toString(16);
  if (hex.length > 50) return false;
  const bytes = Buffer.from(hex.padStart(50, '0'), 'hex');
  const digest = sha256(sha256(bytes.subarray(0, 21)));
  return digest.subarray(0, 4).equals(bytes.subarray(21));
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

const bech32Alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const bech32Generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

/** BIP 173, and BIP 350 for later witness versions: their checksums end in 1 and in 0x2bc830a3. */
function passesBech32(address: string): boolean {
  const separator = address.lastIndexOf('1');
  const prefix = address.slice(0, separator);
  const values: number[] = [];
  for (const character of prefix) values.push(character.charCodeAt(0) >> 5);
  values.push(0);
  for (const character of prefix) values.push(character.charCodeAt(0) & 31);
  for (const character of address.slice(separator + 1)) {
    const value = bech32Alphabet.indexOf(character);
    if (value === -1) return false;
    values.push(value);
  }
  let check = 1;
  for (const value of values) {
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ value;
    for (let index = 0; index < 5; index += 1) if ((top >>> index) & 1) check ^= bech32Generators[index]!;
  }
  return check === 1 || check === 0x2bc830a3;
}
