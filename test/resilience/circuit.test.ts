import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Circuit, type CircuitSettings, createCircuit } from '../../src/resilience/circuit.ts';
import { type FakeClock, createFakeClock } from '../harness/fake-clock.ts';

function start(settings: Partial<CircuitSettings> = {}): {
  circuit: Circuit;
  clock: FakeClock;
  changes: string[];
} {
  const clock = createFakeClock();
  const changes: string[] = [];
  const circuit = createCircuit({
    failurePercent: 50,
    minCalls: 4,
    windowMs: 10_000,
    openMs: 5000,
    clock,
    onChange: (state) => changes.push(state),
    ...settings,
  });
  return { circuit, clock, changes };
}

function end(circuit: Circuit, ...hows: readonly ('well' | 'failed' | 'slow' | 'unknown')[]): void {
  for (const how of hows) circuit.begin()!.end(how);
}

test('it opens when the share of bad calls is reached, and not with fewer calls than it takes', () => {
  const { circuit } = start();
  end(circuit, 'failed', 'failed', 'failed');
  assert.equal(circuit.state(), 'closed');
  end(circuit, 'failed');
  assert.equal(circuit.state(), 'open');
  assert.equal(circuit.begin(), undefined);
  assert.equal(circuit.refusedForMs(), 5000);
});

test('below that share it stays closed', () => {
  const { circuit } = start();
  end(circuit, 'well');
  for (let round = 0; round < 50; round += 1) end(circuit, 'well', 'failed', 'well');
  assert.equal(circuit.state(), 'closed');
});

test('as many bad calls in a row as it takes open it, whatever went well before', () => {
  const { circuit } = start();
  for (let call = 0; call < 1000; call += 1) end(circuit, 'well');
  end(circuit, 'slow', 'failed', 'slow', 'well', 'slow', 'failed', 'slow');
  assert.equal(circuit.state(), 'closed');
  end(circuit, 'failed');
  assert.equal(circuit.state(), 'open');
});

test('slow calls count as bad, and calls that say nothing of the upstream not at all', () => {
  const { circuit } = start();
  end(circuit, 'unknown', 'unknown', 'unknown', 'slow', 'slow', 'slow');
  assert.equal(circuit.state(), 'closed');
  end(circuit, 'slow');
  assert.equal(circuit.state(), 'open');
});

test('a call is heard once: slow first, and then well, is slow', () => {
  const { circuit } = start({ minCalls: 1 });
  const call = circuit.begin()!;
  call.end('slow');
  assert.equal(circuit.state(), 'open');
  call.end('well');
  assert.equal(circuit.state(), 'open');
});

test('what has passed out of the window is forgotten', async () => {
  const { circuit, clock } = start();
  end(circuit, 'failed', 'failed', 'failed');
  await clock.advance(11_000);
  end(circuit, 'failed', 'well');
  assert.equal(circuit.state(), 'closed');
});

test('after its time one call probes, and one that goes well closes it', async () => {
  const { circuit, clock, changes } = start();
  end(circuit, 'failed', 'failed', 'failed', 'failed');
  await clock.advance(4999);
  assert.equal(circuit.begin(), undefined);
  await clock.advance(1);
  const probe = circuit.begin()!;
  assert.equal(circuit.state(), 'halfOpen');
  assert.equal(circuit.begin(), undefined, 'one at a time');
  probe.end('well');
  assert.equal(circuit.state(), 'closed');
  // Nothing is held against it from before.
  end(circuit, 'failed', 'failed', 'failed');
  assert.equal(circuit.state(), 'closed');
  assert.deepEqual(changes, ['open', 'halfOpen', 'closed']);
});

test('a probe that goes badly opens it for as long again', async () => {
  const { circuit, clock } = start();
  end(circuit, 'failed', 'failed', 'failed', 'failed');
  for (const how of ['failed', 'slow'] as const) {
    await clock.advance(5000);
    circuit.begin()!.end(how);
    assert.deepEqual([circuit.state(), circuit.refusedForMs()], ['open', 5000]);
  }
});

test('a probe whose caller leaves makes room for the next one at once', async () => {
  const { circuit, clock } = start();
  end(circuit, 'failed', 'failed', 'failed', 'failed');
  await clock.advance(5000);
  circuit.begin()!.end('unknown');
  circuit.begin()!.end('well');
  assert.equal(circuit.state(), 'closed');
});

test('a probe that never ends does not keep it half open for ever', async () => {
  const { circuit, clock } = start();
  end(circuit, 'failed', 'failed', 'failed', 'failed');
  await clock.advance(5000);
  const lost = circuit.begin()!;
  await clock.advance(5000);
  circuit.begin()!.end('well');
  assert.equal(circuit.state(), 'closed');
  lost.end('failed');
  assert.equal(circuit.state(), 'closed');
});

test('calls from before it opened say nothing of the upstream that was probed', async () => {
  const { circuit, clock } = start({ minCalls: 1, failurePercent: 100 });
  const early = circuit.begin()!;
  const other = circuit.begin()!;
  end(circuit, 'failed');
  await clock.advance(5000);
  const probe = circuit.begin()!;
  early.end('well');
  assert.equal(circuit.state(), 'halfOpen');
  probe.end('well');
  other.end('failed');
  other.brokeOff();
  assert.equal(circuit.state(), 'closed');
});

test('answers that begin well and then break off are bad news, too', () => {
  const { circuit } = start();
  const calls = Array.from({ length: 4 }, () => circuit.begin()!);
  for (const call of calls) call.end('well');
  calls[0]!.brokeOff();
  assert.equal(circuit.state(), 'closed');
  calls[1]!.brokeOff();
  assert.equal(circuit.state(), 'open');
});
