import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';

import type { Material } from '../../../src/injector/certificates/material.ts';
import { readMaterial, writeMaterial } from '../../../src/injector/certificates/material.ts';
import { nextMaterial } from '../../../src/injector/certificates/next-material.ts';

const rules = {
  names: ['injector.system.svc', 'injector.system'],
  certificateDays: 90,
  authorityDays: 365,
  settleMs: 300_000,
};
const start = Date.parse('2026-11-06T08:00:00Z');
const day = 86_400_000;

/** All steps that are to be taken at a time, as a leader that looks every few seconds takes them. */
async function settle(material: Material | undefined, atMs: number): Promise<Material | undefined> {
  let current = material;
  for (let step = 0; step < 5; step += 1) {
    const next = await nextMaterial(current, atMs, rules);
    if (next === undefined) return current;
    current = next;
  }
  throw new Error('there is always something to do');
}

function isTrusted({ serving }: Material, authorities: readonly string[]): boolean {
  const certificate = new X509Certificate(serving.certificate);
  return authorities.some((pem) => certificate.verify(new X509Certificate(pem).publicKey));
}

test('what is made first is an authority and a certificate of it for all names, and then nothing is to be done', async () => {
  const material = (await nextMaterial(undefined, start, rules))!;
  const [authority] = material.authorities.map((pem) => new X509Certificate(pem));
  const serving = new X509Certificate(material.serving.certificate);
  assert.ok(authority!.ca && !serving.ca && serving.checkIssued(authority!));
  assert.deepEqual(serving.subjectAltName, 'DNS:injector.system.svc, DNS:injector.system');
  assert.equal(serving.validToDate.getTime(), start + 90 * day);
  assert.equal(await nextMaterial(material, start + 59 * day, rules), undefined);
});

test('a certificate is renewed at two thirds of its life, by the authority that is trusted already', async () => {
  const first = (await settle(undefined, start))!;
  const second = (await settle(first, start + 61 * day))!;
  assert.notEqual(second.serving.certificate, first.serving.certificate);
  assert.deepEqual(second.authorities, first.authorities);
});

test('a new authority is trusted first and signs later; the old one is trusted until it expires', async () => {
  const old = (await settle(await settle(undefined, start), start + 240 * day))!;
  const rotatesAt = start + 244 * day;
  const trusted = (await settle(old, rotatesAt))!;
  assert.deepEqual(trusted.authorities.slice(1), old.authorities);
  assert.deepEqual(trusted.serving, old.serving);
  assert.equal(await nextMaterial(trusted, rotatesAt + 299_000, rules), undefined);
  const signed = (await settle(trusted, rotatesAt + 300_000))!;
  assert.ok(isTrusted(signed, [signed.authorities[0]!]));
  assert.deepEqual(signed.authorities, trusted.authorities);
  const later = (await settle(await settle(signed, start + 310 * day), start + 366 * day))!;
  assert.deepEqual(later.authorities, [signed.authorities[0]!]);
});

test('over ten years, whoever shows the last certificate is believed by whoever knows the last bundle', async () => {
  let before = (await settle(undefined, start))!;
  for (let at = start; at < start + 3650 * day; at += 7 * day) {
    for (const atMs of [at, at + 300_000]) {
      const material = (await settle(before, atMs))!;
      assert.ok(isTrusted(material, before.authorities), 'a server is ahead of the API server');
      assert.ok(isTrusted(before, material.authorities), 'the API server is ahead of a server');
      assert.ok(new X509Certificate(material.serving.certificate).validToDate.getTime() > atMs + 7 * day);
      before = material;
    }
  }
});

test('what has expired while nobody looked after it is made anew at once, and so is one for other names', async () => {
  const old = (await settle(undefined, start))!;
  const late = (await settle(old, start + 1000 * day))!;
  assert.equal(late.authorities.length, 1);
  assert.ok(isTrusted(late, late.authorities));
  const renamed = (await nextMaterial(old, start + day, { ...rules, names: ['other.system.svc'] }))!;
  assert.equal(
    new X509Certificate(renamed.serving.certificate).checkHost('other.system.svc'),
    'other.system.svc',
  );
});

test('a Secret holds all of it; one that was tampered with counts as none', async () => {
  const material = (await settle(undefined, start))!;
  const other = (await settle(undefined, start))!;
  const secret = writeMaterial(material, 'tls', undefined);
  assert.deepEqual(
    { ...readMaterial(secret), authorities: readMaterial(secret)!.authorities.map((pem) => pem.trim()) },
    { ...material, authorities: material.authorities.map((pem) => pem.trim()) },
  );
  const foreign = writeMaterial(other, 'tls', undefined).data!;
  for (const key of Object.keys(secret.data!)) {
    const data = secret.data!;
    assert.equal(readMaterial({ ...secret, data: { ...data, [key]: 'AAAA' } }), undefined, key);
    assert.equal(readMaterial({ ...secret, data: { ...data, [key]: foreign[key]! } }), undefined, key);
    const { [key]: _gone, ...rest } = data;
    assert.equal(readMaterial({ ...secret, data: rest }), undefined, key);
  }
});
