/** A collector of traces that takes everything, and looks at nothing. */
import { createServer } from 'node:http';

import { listening } from './listening.ts';

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
});
listening(server, '');
