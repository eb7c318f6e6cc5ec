import { type Socket, connect } from 'node:net';

export interface Load {
  readonly url: string;
  readonly connections: number;
  readonly durationMs: number;
  readonly stream: boolean;
}

export interface LoadResult {
  readonly requests: number;
  readonly failures: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * Sends the same 2 KB POST over kept-alive connections, one request at a time on each. Bare sockets, because
 * a full client would cost more than the proxies that are measured.
 */
export async function runLoad(load: Load): Promise<LoadResult> {
  const { hostname, port } = new URL(load.url);
  const request = requestBytes(load);
  const latenciesMs: number[] = [];
  let failures = 0;
  const startedAtMs = performance.now();
  const endsAtMs = startedAtMs + load.durationMs;
  await Promise.all(Array.from({ length: load.connections }, () => drive(connect(Number(port), hostname))));
  const seconds = (performance.now() - startedAtMs) / 1000;
  latenciesMs.sort((a, b) => a - b);
  const quantile = (share: number) => latenciesMs[Math.floor(latenciesMs.length * share)] ?? Number.NaN;
  return {
    requests: latenciesMs.length,
    failures,
    requestsPerSecond: latenciesMs.length / seconds,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
  };

  function drive(socket: Socket): Promise<void> {
    socket.setNoDelay(true);
    return new Promise((resolve) => {
      let sentAtMs = 0;
      let received = '';
      const send = () => {
        received = '';
        sentAtMs = performance.now();
        socket.write(request);
      };
      socket.on('connect', send);
      socket.on('data', (data) => {
        const text = data.toString('latin1');
        if (received === '' && !text.startsWith('HTTP/1.1 200'))
          throw new Error(`unexpected answer: ${text}`);
        // Of a stream only the end is looked at.
        received = load.stream ? (received + text).slice(-lastChunk.length) : received + text;
        if (load.stream ? received !== lastChunk : !isWhole(received)) return;
        const now = performance.now();
        latenciesMs.push(now - sentAtMs);
        if (now < endsAtMs) send();
        else socket.destroy();
      });
      socket.on('error', () => (failures += 1));
      socket.on('close', () => resolve());
    });
  }
}

const lastChunk = '\r\n0\r\n\r\n';

function isWhole(response: string): boolean {
  const headersEnd = response.indexOf('\r\n\r\n');
  if (headersEnd === -1) return false;
  const length = /content-length: (\d+)/i.exec(response.slice(0, headersEnd + 2));
  if (length) return response.length >= headersEnd + 4 + Number(length[1]);
  return response.endsWith(lastChunk);
}

function requestBytes({ url, stream }: Load): string {
  const { host, pathname } = new URL(url);
  const body = JSON.stringify({
    model: 'gpt-4o',
    messages: [
      { role: 'system', content: 'You are a careful assistant. '.repeat(20) },
      { role: 'user', content: 'Please summarise the following notes in one paragraph. '.repeat(23) },
    ],
    max_tokens: 256,
    ...(stream && { stream: true }),
  });
  return (
    `POST ${pathname}/chat/completions HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n` +
    `accept: ${stream ? 'text/event-stream' : 'application/json'}\r\nauthorization: Bearer sk-bench\r\n` +
    `user-agent: OpenAI/JS 7.57.0\r\nx-stainless-lang: js\r\nx-stainless-package-version: 7.57.0\r\n` +
    `x-stainless-os: Linux\r\nx-stainless-arch: x64\r\nx-stainless-runtime: node\r\nx-stainless-runtime-version: v24\r\n` +
    `x-stainless-retry-count: 0\r\nx-stainless-timeout: 600\r\n` +
    `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  );
}
