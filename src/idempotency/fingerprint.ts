import { createHash } from 'node:crypto';
import { pipeline, Transform } from 'node:stream';

import type { Exchange, UnreadBody } from '../exchange.ts';
import type { Call, Fingerprint } from './answer-store.ts';
import { type BodyDigest, createBodyDigest } from './body-digest.ts';

/** The call that a caller means by a key: no other organisation, caller, team or application can mean it, too. */
export function callOf({ id, caller = '', identity = nobody }: Exchange, key: string): Call {
  const { org, team, app } = identity;
  const name = createHash('sha256').update(JSON.stringify([caller, team, app, key]));
  return { org, name: name.digest('hex'), owner: id };
}

const nobody = { org: '', team: '', app: '', user: '' };

/** What is asked for, and for whom. The key is a part of it, so that nobody can tell two calls of the same body. */
export function digestOf(exchange: Exchange, key: string): BodyDigest {
  const { method, deployment = '', path, query, identity = nobody, headers } = exchange;
  const head = JSON.stringify([key, identity.user, method, deployment, path, query]);
  return createBodyDigest(head, headers['content-type']?.toString());
}

/** Of a body that was read; undefined for one that is still on the wire. */
export function fingerprintOf(exchange: Exchange, key: string): Fingerprint | undefined {
  const { body } = exchange;
  if (body.kind === 'unread') return undefined;
  const digest = digestOf(exchange, key);
  if (body.kind === 'json') digest.push(body.bytes);
  return digest.end();
}

/** Reads a body to its end, and keeps nothing of it. Rejects as `UnreadBody` says. */
export async function readFingerprint(source: UnreadBody, digest: BodyDigest): Promise<Fingerprint> {
  for await (const chunk of source.open()) digest.push(chunk as Buffer);
  return digest.end();
}

/** A body whose fingerprint is taken while it flows; `onWhole` hears of it when the last byte has passed. */
export function whileFlowing(
  source: UnreadBody,
  digest: BodyDigest,
  onWhole: (fingerprint: Fingerprint) => void,
): UnreadBody {
  return {
    async collect(maxBytes) {
      const bytes = await source.collect(maxBytes);
      digest.push(bytes);
      onWhole(digest.end());
      return bytes;
    },
    open() {
      const passing = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          digest.push(chunk);
          done(null, chunk);
        },
        flush(done) {
          onWhole(digest.end());
          done();
        },
      });
      // Whoever reads it hears of what goes wrong through the stream itself.
      return pipeline(source.open(), passing, () => {});
    },
  };
}
