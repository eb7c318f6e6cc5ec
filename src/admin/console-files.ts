import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the console page is made of. Nothing else is served, whatever is asked for. */
export const consoleFiles: Readonly<Record<string, string>> = {
  '/': 'index.html',
  '/console/console.css': 'console.css',
  '/console/icon.svg': 'icon.svg',
  ...Object.fromEntries(
    [
      'console',
      'budgets',
      'calls',
      'refusals',
      'upstreams',
      'sidecar',
      'draw',
      'elements',
      'format',
      'tables',
    ].map((name) => [`/console/${name}.js`, `${name}.js`]),
  ),
};

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

export async function readConsoleFile(file: string): Promise<{ type: string; bytes: Buffer }> {
  const bytes = await readFile(join(import.meta.dirname, 'console', file));
  return { type: types[file.slice(file.lastIndexOf('.') + 1)]!, bytes };
}

/** Everything is this server's own, nothing runs that isn't in its files, and no page may frame it. */
export const consoleHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};
