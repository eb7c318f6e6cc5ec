import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { freePort } from '../harness/free-port.ts';
import type { Lifetime } from '../harness/lifetime.ts';
import { collectorProgram } from './prepare-collector.ts';
import { type ReceivedSpan, readSpans } from './received-spans.ts';

export interface Collector {
  /** For `telemetry.otlpEndpoint`. */
  readonly endpoint: string;
  /** All that it has taken and handed on so far. */
  readonly spans: readonly ReceivedSpan[];
}

/** The OpenTelemetry collector, which takes OTLP in protobuf and hands it on as JSON. */
export async function startCollector(test: Lifetime): Promise<Collector> {
  if (!existsSync(collectorProgram)) throw new Error('no collector yet: `npm test -- traces` builds it');
  const spans: ReceivedSpan[] = [];
  const receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    spans.push(...readSpans(JSON.parse(Buffer.concat(chunks).toString('utf8'))));
    response.setHeader('content-type', 'application/json').end('{}');
  });
  await once(receiver.listen(0, '127.0.0.1'), 'listening');
  const port = await freePort();
  const config = {
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    exporters: {
      otlp_http: {
        traces_endpoint: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/v1/traces`,
        encoding: 'json',
        compression: 'none',
        // It answers when its own receiver has.
        sending_queue: { enabled: false },
      },
    },
    service: {
      telemetry: { metrics: { level: 'none' }, logs: { level: 'error' } },
      pipelines: { traces: { receivers: ['otlp'], exporters: ['otlp_http'] } },
    },
  };
  const collector = spawn(collectorProgram, ['--config', `yaml:${JSON.stringify(config)}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  collector.stderr.on('data', (text: Buffer) => (said += text.toString('utf8')));
  const ended = once(collector, 'exit');
  test.after(async () => {
    collector.kill('SIGKILL');
    await ended;
    receiver.closeAllConnections();
    receiver.close();
  });
  while (!(await answers(port))) {
    if (collector.exitCode !== null) throw new Error(`the collector ended: ${said}`);
    await sleep(20);
  }
  return { endpoint: `http://127.0.0.1:${port}`, spans };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
