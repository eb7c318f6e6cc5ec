import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Lifetime } from '../harness/lifetime.ts';

export interface Authority {
  /** PEM file with the authority's own certificate. */
  readonly caFile: string;
  issue(options?: { host?: string; expired?: boolean }): { key: Buffer; cert: Buffer };
}

/** A certificate authority of this test alone, made by the `openssl` command. */
export function createAuthority(lifetime: Lifetime): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  lifetime.after(async () => rmSync(folder, { recursive: true }));
  const openssl = (command: string) =>
    execFileSync('openssl', command.split(' '), { cwd: folder, stdio: 'pipe' });
  const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';
  openssl(`req -x509 ${newKey} -keyout ca.key -out ca.pem -days 2 -subj /CN=test-authority`);
  // `x509` can't date a certificate back, `ca` can.
  writeFileSync(join(folder, 'index.txt'), '');
  writeFileSync(
    join(folder, 'ca.cnf'),
    '[ca]\ndefault_ca=own\n[own]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\n' +
      'policy=any\ncopy_extensions=copy\nunique_subject=no\n[any]\ncommonName=supplied\n',
  );
  return {
    caFile: join(folder, 'ca.pem'),
    issue({ host = 'localhost', expired = false } = {}) {
      openssl(
        `req ${newKey} -keyout leaf.key -out leaf.csr -subj /CN=${host} -addext subjectAltName=DNS:${host}`,
      );
      const validity = expired ? '-startdate 20200101000000Z -enddate 20200102000000Z' : '-days 1';
      openssl(
        `ca -batch -config ca.cnf -keyfile ca.key -cert ca.pem -in leaf.csr -out leaf.pem -notext ${validity}`,
      );
      return { key: readFileSync(join(folder, 'leaf.key')), cert: readFileSync(join(folder, 'leaf.pem')) };
    },
  };
}
