/**
 * The yardstick: what `node:http` and `undici.dispatch` cost when they do nothing but pass bytes on. It counts,
 * parses, logs and checks nothing, and keeps only what correctness needs: backpressure and hop-by-hop headers.
 */
import { createServer } from 'node:http';

import { type Dispatcher, Pool } from 'undici';

import { listening } from './listening.ts';

const { origin } = new URL(process.env['BENCH_UPSTREAM']!);
const pool = new Pool(origin, { allowH2: false });

const server = createServer((request, response) => {
  const { host: _host, connection: _connection, ...headers } = request.headers;
  pool.dispatch(
    { path: request.url!, method: request.method as Dispatcher.HttpMethod, headers, body: request },
    {
      onRequestStart(controller) {
        response.on('drain', () => controller.resume());
        response.on('close', () => response.writableFinished || controller.abort(new Error('caller left')));
      },
      onResponseStart(_controller, status, answered) {
        const { connection: _hop, 'transfer-encoding': _coding, 'keep-alive': _alive, ...kept } = answered;
        response.writeHead(status, kept);
      },
      onResponseData(controller, chunk) {
        if (!response.write(chunk)) controller.pause();
      },
      onResponseEnd: () => void response.end(),
      onResponseError: () => void response.destroy(),
    },
  );
});
listening(server, '/v1');
