import type { Random } from './random.ts';

const hex = '0123456789abcdef';
const base64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** Numbers as shops and warehouses give them out: what the words around them name. */
export function orderNumber(random: Random): string {
  return random.pick([
    () => random.digits(random.between(5, 8)),
    () => random.between(1, 9) + random.digits(random.between(8, 11)),
    () => random.between(1, 9) + random.digits(15),
    () => `${random.digits(3)}-${random.digits(7)}-${random.digits(7)}`,
    () => `${random.text(upper, 2)}-${random.digits(4)}-${random.digits(4)}`,
    () => `${random.text(upper, 2)}${random.digits(8)}`,
    () => `${random.digits(4)}-${random.digits(3)}-${random.digits(2)}`,
    () => `${random.digits(2)}-${random.digits(5)}`,
    () => `${random.text(upper, 3)}-${random.digits(6)}`,
    () => `1Z${random.text(`${upper}0123456789`, 16)}`,
    () => `${random.digits(3)}.${random.digits(4)}.${random.digits(2)}`,
  ])();
}

/** Sentences in which nothing is anybody's, whatever their language. */
export function technicalDecoy(random: Random): string {
  const pick = random.pick;
  const version = `${random.between(0, 20)}.${random.between(0, 40)}.${random.between(0, 9)}`;
  const atMs = 1_600_000_000_000 + random.between(0, 200_000_000) * 1000;
  return pick([
    () =>
      `upgraded from v${version} to v${random.between(1, 9)}.${random.between(0, 9)}.0-rc.${random.between(1, 9)}`,
    () =>
      `version ${random.between(1, 9)}.${random.between(0, 9)}.${random.between(0, 99)}.${random.between(0, 99)} is out`,
    () =>
      `Chrome/${random.between(90, 140)}.0.${random.between(1000, 9999)}.${random.between(10, 200)} Safari/537.36`,
    () => `at ${new Date(atMs).toISOString()} the job began`,
    () => `{"created_at": ${Math.floor(atMs / 1000)}, "updated": ${atMs}}`,
    () =>
      `[${new Date(atMs).toISOString().replace('T', ' ').slice(0, 19)}] INFO request took ${random.between(1, 9999)} ms`,
    () => `commit ${random.text(hex, 40)}`,
    () => `sha256:${random.text(hex, 64)}`,
    () => `md5 ${random.text(hex, 32)}`,
    () => `see ${random.text(hex, 7)} and ${random.text(hex, 10)}`,
    () => `id ${uuid(random)}`,
    () => `trace ${random.text(hex, 32)}-${random.text(hex, 16)}-01`,
    () => `file-${random.text(base64.slice(0, 62), 24)} and resp_${random.text(hex, 48)}`,
    () => `call_${random.text(base64.slice(0, 62), 24)}`,
    () => `![chart](data:image/png;base64,${random.text(base64, random.between(120, 400))}==)`,
    () => `payload ${random.text(base64, random.between(60, 200))}=`,
    () =>
      `for (let i = 0; i < ${random.between(10, 99999)}; i += 1) total[i] = ${random.digits(6)} * 0x${random.text(hex, 8)};`,
    () => `import { a${random.between(1, 9)} } from '@scope/package@${version}';`,
    () => `const ratio = ${random.between(0, 9)}.${random.digits(16)};`,
    () =>
      `rgb(${random.between(0, 255)}, ${random.between(0, 255)}, ${random.between(0, 255)}) at ${random.between(100, 4000)}x${random.between(100, 4000)}`,
    () =>
      `revenue rose from ${random.between(1, 999)},${random.digits(3)},${random.digits(3)} to $${random.between(1, 999)},${random.digits(3)}.${random.digits(2)}`,
    () =>
      `chapter ${random.between(1, 20)}.${random.between(1, 20)}.${random.between(1, 20)}, pages ${random.between(10, 99)}-${random.between(100, 400)}`,
    () =>
      `the meeting is on ${random.between(1, 12)}/${random.between(1, 28)}/2026 at ${random.between(1, 12)}:${random.between(10, 59)}`,
    () => `GET /v1/users/${random.between(1, 999_999)}/items?page=${random.between(1, 99)}&limit=100 200`,
    () => `SELECT * FROM orders WHERE id IN (${random.digits(6)}, ${random.digits(7)}, ${random.digits(8)});`,
    () =>
      `matrix 12 ${random.digits(2)} ${random.digits(2)} ${random.digits(2)} ${random.digits(2)} and ${random.digits(3)} ${random.digits(3)}`,
    () => `ISBN 978-3-${random.digits(2)}-${random.digits(6)}-${random.digits(1)}`,
    () => `std::vector<int>::iterator it; Foo::bar::baz();`,
    () => `<EMAIL_${random.between(1, 9)}> asked [PHONE] and [EMAIL:${random.text(hex, 12)}]`,
    () => `logo@2x.png and user@localhost, git@github.com:acme/tool.git`,
    () => `bind to 127.0.0.1:${random.between(1024, 65_535)} or 0.0.0.0, mask 255.255.255.0`,
    () =>
      `model ${random.text(upper, 2)}-${random.digits(3)}-${random.digits(3)}-${random.digits(4)} rev. ${random.text(upper, 1)}`,
    () =>
      `we sold ${random.between(100, 999)} ${random.between(100, 999)} units in Q${random.between(1, 4)} ${random.between(2019, 2026)}`,
    () =>
      `score 3-1, 2-0; ratio 16:9; 10:30:45 sharp; ${random.between(1, 31)}.${random.between(1, 12)}. noon`,
    () =>
      `lat ${random.between(-89, 89)}.${random.digits(6)}, lon ${random.between(-179, 179)}.${random.digits(6)}`,
    () => `export PASSWORD_FILE=/run/secrets/db; password = os.environ["DB_PASSWORD"]`,
  ])();
}

function uuid(random: Random): string {
  return [8, 4, 4, 4, 12].map((length) => random.text(hex, length)).join('-');
}
