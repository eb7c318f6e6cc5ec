/** A process that creates messages in a thread and runs for them, and tells of each, until it is killed. */
import { minuteMs, org, thread } from '../assistants-store/contract/store-under-test.ts';
import { openStoreIn } from './open-embedded-store.ts';

const [stateDir = ''] = process.argv.slice(2);
const store = openStoreIn(stateDir);
await store.schedule(org, 'later', 60 * minuteMs);
for (let written = 1; ; written += 1) {
  const puts = [
    { id: 'counter', body: `${written}` },
    { id: `m${written}`, body: 'x'.repeat(2000), lists: ['messages'] },
  ];
  await store.commit(thread, { puts });
  await store.schedule(org, `run ${written}`, 0);
  await store.claim(org, 60 * minuteMs, 1);
  process.stdout.write(`${written}\n`);
  // Else nothing is written out before the process ends.
  await new Promise((resolve) => setImmediate(resolve));
}
