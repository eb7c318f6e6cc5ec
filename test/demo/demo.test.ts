import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');

test('the demo tells its story to the end', async () => {
  const { code, output } = await new Promise<{ code: number; output: string }>((resolve) => {
    execFile(process.execPath, ['demo/demo.ts'], { cwd: root }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), output: stdout + stderr }),
    );
  });
  assert.equal(code, 0, output);
  const chapters = [...output.matchAll(/^\d+\. /gm)].length;
  assert.equal(chapters, 9, output);
  for (const expected of [
    '404 The Assistants API has been shut down',
    'Subtract 11, divide by 3: x is 1.',
    'run.step.created, run.step.in_progress, message.created',
    'requires_action: get_weather({"city":"Rome"})',
    'The tools answered: 21 degrees.',
    'it closed the connection before it answered',
    'x-should-retry: false',
    'idempotent-replayed: true',
    'Write to <EMAIL_1> that her card <CREDIT_CARD_1> is blocked.',
    'assistant_proxy_tokens_total{operation="responses.create"',
    'Budget team-hour of team=search has',
    'limit 5000  used 1',
    'with exit code 0',
  ]) {
    assert.ok(output.includes(expected), `${expected} in ${output}`);
  }
  // Model calls that were answered, one that was refused, and the tokens of the answers.
  assert.match(output, /responses\.create +[1-9]\d* +1 +[1-9]\d* +[1-9]\d*$/m);
  assert.ok(!output.includes('\x1b['), 'no colours where nobody sees them');
});

test('--keep leaves everything running at the addresses it prints, until it is told to end', async (t) => {
  const demo = spawn(process.execPath, ['demo/demo.ts', '--keep', '--port', '0', '--admin-port', '0'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => demo.kill('SIGKILL'));
  let output = '';
  demo.stdout.on('data', (text: Buffer) => (output += text.toString('utf8')));
  while (!output.includes('/metrics\n')) await once(demo.stdout, 'data');
  const [, base] = /OPENAI_BASE_URL=(\S+) OPENAI_API_KEY/.exec(output) ?? [];
  const [, metrics] = /curl (\S+\/metrics)/.exec(output) ?? [];
  assert.equal((await fetch(`${base}/models`)).status, 200);
  assert.equal((await fetch(String(metrics))).status, 200);
  const ended = once(demo, 'exit');
  demo.kill('SIGINT');
  assert.deepEqual(await ended, [0, null]);
});
