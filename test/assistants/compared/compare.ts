import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import OpenAI from 'openai';

import { type Backend, startServed } from '../../harness/served.ts';
import { upstreamKey } from '../../harness/sidecar.ts';
import { type StandInOptions, startStandIn } from '../../stand-in/stand-in.ts';
import { comparable } from './comparable.ts';

/** Something that an application does with the newest SDK: against the real thing, and against the sidecar. */
export interface Scenario {
  readonly title: string;
  /** Those that can serve it; all unless told. */
  readonly backends?: readonly Backend[];
  /** Resolves to all that the application saw; it must be the same both times, ids and times aside. */
  readonly run: (client: OpenAI) => Promise<unknown>;
}

interface Setting {
  readonly standIn?: StandInOptions;
  /** The sidecar's. */
  readonly env?: Record<string, string>;
}

const backends: readonly Backend[] = ['passthrough'];

/** Runs are as quick as they can be, and still have a middle. */
const quick = { queuedMs: 5, workMs: 20 };

/** Declares a test for each scenario and backend. Those of a file share their servers. */
export function compare(scenarios: readonly Scenario[], { standIn, env }: Setting = {}): void {
  for (const backend of backends) {
    describe(`through ${backend}`, () => {
      const clients: OpenAI[] = [];
      const releases: (() => Promise<void>)[] = [];
      before(async () => {
        const options = { ...quick, apiKey: upstreamKey, ...standIn };
        const direct = await startStandIn({ ...options, assistants: 'live' });
        const lifetime = { after: (release: () => Promise<void>) => releases.unshift(release) };
        lifetime.after(() => direct.close());
        const { sidecar } = await startServed(lifetime, { backend, standIn: options, ...(env && { env }) });
        clients.push(clientOf(direct.url, upstreamKey), clientOf(sidecar.url, 'sk-placeholder'));
      });
      after(async () => {
        for (const release of releases) await release();
      });
      for (const { title, backends: able, run } of scenarios) {
        if (able && !able.includes(backend)) continue;
        test(title, async () => {
          const [straight, through] = await Promise.all(clients.map(run));
          assert.deepEqual(comparable(through), comparable(straight));
        });
      }
    });
  }
}

function clientOf(baseURL: string, apiKey: string): OpenAI {
  return new OpenAI({ baseURL, apiKey, maxRetries: 0 });
}
