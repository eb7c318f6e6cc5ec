import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import type { AssistantStreamEvent } from 'openai/resources/beta/assistants';

import { comparable } from '../assistants/compared/comparable.ts';
import { joined } from '../assistants/compared/told-by.ts';
import { sentOnce } from '../harness/sent-once.ts';
import { startServed } from '../harness/served.ts';
import { startSidecar, upstreamKey } from '../harness/sidecar.ts';
import { type StandIn, startStandIn } from '../stand-in/stand-in.ts';
import type { Scenario, Site } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { type Feature, type Major, type Sdk, type SdkFour, lacking, loadSdk } from './sdk-versions.ts';
import { seenUpstream } from './seen-upstream.ts';

/** Declares the tests of one major: what it lacks, and every scenario that it can run. */
export function compareSdk(major: Major): void {
  test(`openai ${major} lacks what the table says and nothing else`, async () => {
    const { OpenAI } = await loadSdk(major);
    const client = new OpenAI({ apiKey: 'sk-unused' });
    for (const feature of lacking[4]) {
      assert.equal(hasFeature(client, feature), !lacking[major].includes(feature), feature);
    }
  });

  for (const scenario of scenarios) {
    if (scenario.needs && lacking[major].includes(scenario.needs)) continue;
    test(`openai ${major}: ${scenario.title}`, async (t) => {
      const [straight, through] = await Promise.all([
        runStraight(t, major, scenario),
        runThroughSidecar(t, major, scenario),
      ]);
      assert.deepEqual(through.result, straight.result);
      assert.deepEqual(seenUpstream(through.standIn.requests), seenUpstream(straight.standIn.requests));
    });
    if (!scenario.served) continue;
    test(`openai ${major}: ${scenario.title}, served`, async (t) => {
      const { apiKey, url } = await liveStandIn(t);
      const { sidecar, standIn } = await startServed(t, { backend: 'responses' });
      const [straight, through] = await Promise.all([
        runAt(major, scenario, standIn, { baseURL: url, apiKey }),
        runAt(major, scenario, standIn, { baseURL: sidecar.url, apiKey: 'sk-placeholder' }),
      ]);
      assert.deepEqual(comparable(inWhole(through.result)), comparable(inWhole(straight.result)));
    });
  }
}

async function liveStandIn(t: TestContext): Promise<StandIn> {
  const standIn = await startStandIn({ assistants: 'live' });
  t.after(() => standIn.close());
  return standIn;
}

/** With the deltas of each list of events joined. */
function inWhole(result: unknown): unknown {
  if (Array.isArray(result)) return isEvents(result) ? joined(result) : result;
  if (typeof result !== 'object' || result === null) return result;
  return Object.fromEntries(Object.entries(result).map(([name, value]) => [name, inWhole(value)]));
}

function isEvents(list: unknown[]): list is AssistantStreamEvent[] {
  return (
    list.length > 0 && list.every((item) => typeof item === 'object' && item !== null && 'event' in item)
  );
}

interface Run {
  readonly result: unknown;
  readonly standIn: StandIn;
}

async function runStraight(t: TestContext, major: Major, scenario: Scenario): Promise<Run> {
  const standIn = await freshStandIn(t, scenario);
  return runAt(major, scenario, standIn, { baseURL: standIn.url, apiKey: upstreamKey });
}

/** The application's key is a placeholder here: the stand-in takes only the one that the sidecar has. */
async function runThroughSidecar(t: TestContext, major: Major, scenario: Scenario): Promise<Run> {
  const standIn = await freshStandIn(t, scenario);
  const sidecar = await startSidecar(t, {
    upstreamUrl: standIn.url,
    // What the SDK does about failures is compared, not what the sidecar does.
    env: { ...sentOnce, ASSISTANT_PROXY_ASSISTANTS_BACKEND: 'passthrough' },
  });
  return runAt(major, scenario, standIn, { baseURL: sidecar.url, apiKey: 'sk-placeholder' });
}

async function runAt(
  major: Major,
  scenario: Scenario,
  standIn: StandIn,
  options: { baseURL: string; apiKey: string },
): Promise<Run> {
  const sdk = await loadSdk(major);
  const site: Site<Sdk> = { sdk, client: new sdk.OpenAI(options), standIn };
  const { run, runWithFour } = scenario;
  // `loadSdk` gives every major the newest one's types; here major 4 gets its own.
  const result = major === 4 && runWithFour ? runWithFour(site as unknown as Site<SdkFour>) : run(site);
  return { result: await result, standIn };
}

async function freshStandIn(t: TestContext, { standIn: options }: Scenario): Promise<StandIn> {
  // Injected errors draw their request ids from `random`; all others derive from the request.
  const fixed = { deterministic: true, random: () => 0.5 };
  const standIn = await startStandIn({ apiKey: upstreamKey, ...options, ...fixed });
  t.after(() => standIn.close());
  return standIn;
}

function hasFeature(client: object, feature: Feature): boolean {
  let member: unknown = client;
  for (const name of feature.split('.')) member = (member as Record<string, unknown>)[name];
  return member !== undefined;
}
