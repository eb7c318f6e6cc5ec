import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const source = join(import.meta.dirname, '../../src/pipeline.ts');

const rowHeight = 44;
const headingHeight = 30;
const top = 96;

/** The paths that stand in the source, by the functions that make them, in the order in which a call takes them. */
const paths = [
  ['createPipeline', 'every request'],
  ['createCallPath', 'every call that goes upstream, those of runs too'],
  ['createUpstreamPath', 'every attempt, for each upstream'],
] as const;

/**
 * The picture of the path of a request, drawn from the ordered lists in `src/pipeline.ts`: a row for each policy,
 * with the reason that stands beside it there. It suits light and dark pages.
 */
export function pipelinePicture(): string {
  const rows = layOut();
  const policies = rows.filter((each) => each.kind === 'policy');
  const forwardY = rows.at(-1)!.y + rowHeight;
  const sidecarBottom = forwardY + rowHeight + 20;
  const adminY = sidecarBottom + 14;
  const podBottom = adminY + 44 + 16;
  const middleY = (top + forwardY) / 2;
  const holdY = policies.find(({ name }) => name === 'hold budget')!.y;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 ${podBottom + 8}" role="img" aria-labelledby="title description" font-family="system-ui, sans-serif" font-size="14">
  <title id="title">The path of a request through the sidecar</title>
  <desc id="description">The application calls the sidecar on the loopback address. A request passes, in this order: ${policies.map(({ name }) => name).join(', ')}. Then it is forwarded to the upstream with the real key. The answer flows back through the same policies. Budgets are held in a store, which is Redis or embedded. A second port serves probes, metrics and budgets.</desc>
  <style>
    .pod { fill: #f6f8fa; stroke: #8a94a6; stroke-dasharray: 6 4; }
    .card { fill: #ffffff; stroke: #c3c9d4; }
    .policy { fill: #e8f1ff; stroke: #5b8def; }
    .edge { fill: #fff4e0; stroke: #d99a2b; }
    .far { fill: #eef7ee; stroke: #4c9a5a; }
    .name { fill: #1b2330; font-weight: 600; }
    .note { fill: #4a5568; font-size: 12.5px; }
    .arrow { stroke: #4a5568; stroke-width: 1.6; fill: none; marker-end: url(#head); }
    .back { stroke-dasharray: 4 4; }
    .head { fill: #4a5568; }
    @media (prefers-color-scheme: dark) {
      .pod { fill: #12161d; stroke: #6b7688; }
      .card { fill: #1c222c; stroke: #4a5568; }
      .policy { fill: #17294a; }
      .edge { fill: #3a2c10; }
      .far { fill: #14301b; }
      .name { fill: #e8edf5; }
      .note { fill: #b4bdcc; }
      .arrow { stroke: #b4bdcc; }
      .head { fill: #b4bdcc; }
    }
  </style>
  <defs>
    <marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="M0 0 10 5 0 10z" /></marker>
  </defs>
  <rect class="pod" x="8" y="8" width="800" height="${podBottom - 8}" rx="12" />
  <text class="note" x="24" y="28">your pod</text>
${box('card', 24, middleY - 16, 132, 76, ['application', 'any OpenAI SDK,', 'a placeholder key'])}
  <rect class="card" x="232" y="24" width="560" height="${sidecarBottom - 24}" rx="10" />
  <text class="note" x="248" y="44">sidecar, http://127.0.0.1:8080</text>
${row('edge', top - rowHeight, 'edge', 'HTTP becomes an exchange; errors become HTTP')}
${rows.map((each) => (each.kind === 'policy' ? row('policy', each.y, each.name, each.why) : heading(each.y, each.name))).join('\n')}
${row('edge', forwardY, 'forward', 'to the configured upstream, with the real key')}
  <rect class="card" x="232" y="${adminY}" width="560" height="44" rx="10" />
  <text class="note" x="248" y="${adminY + 27}">admin, port 9090: probes, metrics and budgets</text>
${box('far', 836, holdY - 20, 116, 76, ['store', 'Redis,', 'or embedded'])}
  <path class="arrow" d="M776 ${holdY + 18} H836" />
${box('far', 836, forwardY - 20, 116, 76, ['upstream', 'OpenAI, Azure,', 'self-hosted'])}
  <path class="arrow" d="M156 ${middleY + 10} H196 V${top - rowHeight + 12} H248" />
  <path class="arrow" d="M776 ${forwardY + 10} H836" />
  <path class="arrow back" d="M836 ${forwardY + 26} H776" />
  <path class="arrow back" d="M248 ${top - rowHeight + 26} H212 V${middleY + 26} H156" />
</svg>
`;
}

interface Row {
  readonly kind: 'policy' | 'heading';
  readonly name: string;
  readonly why: string;
  readonly y: number;
}

function layOut(): Row[] {
  const text = readFileSync(source, 'utf8');
  let y = top;
  return paths.flatMap(([path, name]) => {
    const headed: Row = { kind: 'heading', name, why: '', y };
    y += headingHeight;
    const policies = readPolicies(text, path).map((policy): Row => {
      const at = y;
      y += rowHeight;
      return { kind: 'policy', ...policy, y: at };
    });
    return [headed, ...policies];
  });
}

function readPolicies(text: string, path: string): { name: string; why: string }[] {
  const from = text.indexOf(`function ${path}(`);
  const body = text.slice(from, text.indexOf('\n}\n', from));
  const lines = body.matchAll(/^ +(\w+)\(.*\), +\/\/ +(.+)$/gm);
  const policies = [...lines].map(([, name = '', why = '']) => ({ name: words(name), why }));
  if (from === -1 || policies.length === 0) {
    throw new Error(`${source} has no ${path} with lines of the form: policy(...), // why here`);
  }
  return policies;
}

/** `readBody` becomes `read body`. */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function row(kind: string, y: number, name: string, note: string): string {
  return `  <rect class="${kind}" x="248" y="${y}" width="528" height="${rowHeight - 8}" rx="6" />
  <text class="name" x="262" y="${y + 23}">${escape(name)}</text>
  <text class="note" x="412" y="${y + 23}">${escape(note)}</text>`;
}

function heading(y: number, text: string): string {
  return `  <text class="note" x="248" y="${y + 20}">${escape(text)}</text>`;
}

function box(kind: string, x: number, y: number, width: number, height: number, lines: string[]): string {
  const texts = lines.map(
    (line, index) =>
      `  <text class="${index === 0 ? 'name' : 'note'}" x="${x + width / 2}" y="${y + 26 + index * 18}" text-anchor="middle">${escape(line)}</text>`,
  );
  return [
    `  <rect class="${kind}" x="${x}" y="${y}" width="${width}" height="${height}" rx="8" />`,
    ...texts,
  ].join('\n');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
