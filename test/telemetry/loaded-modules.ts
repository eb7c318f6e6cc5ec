/** Loaded ahead of a program: says in a file, a line each, which modules of OpenTelemetry that loads. */
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

registerHooks({
  load(url, context, nextLoad) {
    if (url.includes('/@opentelemetry/')) appendFileSync(process.env['LOADED_MODULES']!, `${url}\n`);
    return nextLoad(url, context);
  },
});
