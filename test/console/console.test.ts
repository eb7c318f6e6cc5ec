import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import type { Page } from 'playwright-core';

import { chat, postJson, startGoverned } from '../harness/governed.ts';
import { spawnSidecar } from '../harness/processes.ts';
import { openPage } from './browser.ts';
import { ask, openOffice } from './office.ts';

const config = `
identity: { org: acme, team: ['header:x-team'], user: [metadata.user_id] }
budgets:
  - { name: team-day, per: [team], limit: { tokens: 1000 }, window: { every: day }, onTight: deny }
  - { name: user-day, per: [user], limit: { tokens: 90000 }, window: { every: day } }
`;
const tooMuch = chat(9, { max_completion_tokens: 5000 });

const textOf = async (page: Page, selector: string) => (await page.locator(selector).innerText()).trim();

test('somebody on call reads at the top what is wrong, and follows it to why', async (t) => {
  const { sidecar, post } = await startGoverned(t, { config });
  const inTeam = { headers: { 'x-team': 'search' } };
  const refused = await post('/chat/completions', tooMuch, inTeam);
  const openedAtMs = performance.now();
  const { page, complaints } = await openPage(t, sidecar.adminUrl);
  await page
    .locator('#headline')
    .getByText('Calls were refused in the last minute: budget_exceeded (team-day).')
    .waitFor();
  t.diagnostic(`read ${Math.round(performance.now() - openedAtMs)} ms after the browser was started`);
  assert.equal(await textOf(page, '#level'), 'Watch');
  assert.match(await page.title(), /^Watch · .+ · assistant-proxy$/);

  await page.locator('#headline').click();
  assert.equal(new URL(page.url()).hash, '#refusals');
  const refusal = page.locator('#refusals li').first();
  await refusal.locator('summary').click();
  assert.match(
    await refusal.locator('.message').innerText(),
    /^Budget team-day of team=search has .* tokens left/,
  );
  const id = refused.headers.get('x-assistant-proxy-request-id')!;
  assert.equal(await refusal.locator('code').innerText(), id);

  // It stays open, and the same element, when there is more to tell.
  await (await post('/chat/completions', tooMuch, inTeam)).text();
  await refusal.getByText('2 times').waitFor();
  assert.ok(await refusal.locator('code').first().isVisible());
  assert.deepEqual(complaints, []);
});

test('a change of the configuration that is refused is told at the top, leads to why, and goes when it is mended', async (t) => {
  const { sidecar } = await startGoverned(t, { config });
  const { page, complaints } = await openPage(t, sidecar.adminUrl);
  await page.locator('#level').getByText('Well').waitFor();
  const section = page.locator('#configuration');
  const reason = section.getByRole('region', { name: 'Why the change is refused' });
  assert.ok(!(await reason.isVisible()));
  sidecar.writeConfig(`${config}\nbudgetz: []\nretry: { maxAttempts: many }`);
  await page.locator('#headline').getByText('The changed configuration is refused').waitFor();
  await page.locator('#headline').click();
  assert.equal(new URL(page.url()).hash, '#configuration');
  const lines = (await reason.innerText()).trim().split('\n');
  assert.deepEqual(
    lines.map((line) => line.split(':')[0]),
    ['retry.maxAttempts', 'budgetz', '2 problems'],
  );
  assert.doesNotMatch(await section.locator('details pre').innerText(), /budgetz/);
  sidecar.writeConfig(`${config}\nidempotency: { keepSeconds: 77 }`);
  await section.getByText('These wait for the next start: idempotency.keepSeconds.').waitFor();
  assert.ok(!(await reason.isVisible()));
  sidecar.writeConfig(config);
  await page.locator('#level').getByText('Well').waitFor();
  assert.deepEqual(complaints, []);
});

test('all of it can be reached and worked by keyboard, with the focus to be seen, and updates do not take it away', async (t) => {
  const { sidecar, post } = await startGoverned(t, { config });
  await (await post('/chat/completions', tooMuch)).text();
  const { page } = await openPage(t, sidecar.adminUrl);
  await page.locator('#refusals summary').waitFor();
  const seen: string[] = [];
  for (let pressed = 0; pressed < 5; pressed += 1) {
    await page.keyboard.press('Tab');
    const focus = page.locator(':focus');
    seen.push((await focus.innerText()).trim());
    assert.notEqual(await focus.evaluate((node) => getComputedStyle(node).outlineStyle), 'none', seen.at(-1));
    assert.ok(await focus.evaluate((node) => node.getBoundingClientRect().top >= 0), seen.at(-1));
  }
  assert.deepEqual(seen.slice(0, 2), ['Skip to the findings', 'Pause updates']);
  assert.match(seen[2]!, /^Calls were refused/);
  assert.ok(seen.some((text) => text.includes('429 budget_exceeded')));
  assert.match(seen.at(-1)!, /secrets hidden/);

  const summary = page.locator('#refusals summary');
  await summary.focus();
  await page.keyboard.press('Enter');
  await page.locator('#refusals .message').waitFor();
  const before = await textOf(page, '#freshness');
  await page.waitForFunction((text) => document.getElementById('freshness')!.innerText !== text, before);
  assert.ok(await summary.evaluate((node) => node === document.activeElement));

  const configuration = page.locator('#configuration');
  await configuration.locator('summary').focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('Tab');
  assert.match(await page.locator(':focus').innerText(), /^listen:/);
});

test('paused, it stays as it is; resumed, it tells at once what has happened', async (t) => {
  const { sidecar, post } = await startGoverned(t, { config });
  const { page } = await openPage(t, sidecar.adminUrl);
  await page.locator('#level').getByText('Well').waitFor();
  const pause = page.getByRole('button');
  await pause.click();
  assert.equal(await pause.getAttribute('aria-pressed'), 'true');
  let asked = 0;
  page.on('request', () => (asked += 1));
  await (await post('/chat/completions', tooMuch)).text();
  await page.waitForTimeout(4500);
  assert.deepEqual([asked, await textOf(page, '#level')], [0, 'Well']);
  await page.getByRole('button', { name: 'Resume updates' }).click();
  await page.locator('#level').getByText('Watch').waitFor();
});

test('a sidecar that is killed is told to be away, with when, and one that is back is looked at again', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const env = { ASSISTANT_PROXY_STORE_STATE_DIR: folder };
  const first = await spawnSidecar(t, 'http://127.0.0.1:9/v1', env);
  const { port } = new URL(first.adminUrl);
  const { page, complaints } = await openPage(t, first.adminUrl);
  await page.locator('#level').getByText('Well').waitFor();
  const announcer = page.getByRole('status');
  assert.equal(await announcer.innerText(), '');

  first.signal('SIGKILL');
  await first.exitCode;
  const away = page.locator('#away');
  await away.waitFor();
  assert.match(
    await away.innerText(),
    /^The sidecar does not answer\. What you see is from \d\d:\d\d:\d\d\./,
  );
  assert.match(await announcer.innerText(), /^The sidecar does not answer/);
  assert.match(await page.title(), /^Away/);
  assert.equal(await page.locator('#upstreams tbody tr').count(), 1);

  await spawnSidecar(t, 'http://127.0.0.1:9/v1', { ...env, ASSISTANT_PROXY_ADMIN_PORT: port });
  await away.waitFor({ state: 'hidden' });
  await announcer.getByText('The sidecar answers again; it was restarted.').waitFor();
  assert.equal(await textOf(page, '#level'), 'Well');
  // What the browser itself says of a refused connection is no fault of the page.
  assert.deepEqual(
    complaints.filter(
      (text) => !text.includes('ERR_CONNECTION_REFUSED') && !text.includes('ERR_EMPTY_RESPONSE'),
    ),
    [],
  );
});

test('names that callers chose to break it are text, on their own, and of bounded size', async (t) => {
  const office = await openOffice(t);
  const { sidecar } = office;
  const hostile = [
    '<img src=x onerror="document.title=1">',
    '"><script>document.title=1</script>',
    'line\nbreak\ttab\u0000',
    '\u202etxt.exe\u2066',
    'x'.repeat(10_000),
    `${'\u0301'.repeat(300)}`,
  ];
  for (const name of hostile) {
    const model = name.slice(0, 100);
    const body = { ...chat(9, { model, max_completion_tokens: 900_000_000 }), metadata: { user_id: name } };
    await (await postJson(`${sidecar.url}/chat/completions`, body, { headers: { 'x-team': 'lab' } })).text();
    await (
      await postJson(
        `${sidecar.url}/embeddings`,
        { model: 'text-embedding-3-small', input: 'x' },
        { headers: { 'x-team': encodeURI(name.slice(0, 2000)) } },
      )
    ).text();
  }
  const { page, complaints } = await openPage(t, sidecar.adminUrl);
  const summary = page.locator('#refusals summary').first();
  await summary.click();
  const told = await page.locator('#refusals').innerText();
  assert.ok(
    told.includes('<img src=x onerror="document.title=1">') || told.includes('⟨U+202E⟩txt.exe'),
    told,
  );
  assert.ok(!told.includes('\u202e'));
  assert.equal(await page.locator('main img, main script').count(), 0);
  assert.notEqual(await page.title(), '1');
  for (const width of [1240, 390]) {
    await page.setViewportSize({ width, height: 800 });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${overflow} px too wide at ${width}`);
    const tallest = await page.evaluate(() =>
      Math.max(
        ...[...document.querySelectorAll('tbody tr, .latest li')].map(
          (row) => row.getBoundingClientRect().height,
        ),
      ),
    );
    assert.ok(tallest < 400, `${tallest} px`);
  }
  assert.deepEqual(complaints, []);
});

test('it follows the preferred colours as they change, and keeps still where motion is unwanted', async (t) => {
  const office = await openOffice(t);
  await ask(office.client('lab', 'notebooks', 'ines'), 'gpt-4o', 20);
  const { page } = await openPage(t, office.sidecar.adminUrl);
  await page.locator('.meter').first().waitFor();
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const moving = () =>
    page
      .locator('.meter .used')
      .first()
      .evaluate((bar) => getComputedStyle(bar).transitionDuration);
  const light = await paper();
  assert.notEqual(await moving(), '0s');
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  assert.notEqual(await paper(), light);
  assert.equal(await moving(), '0s');
  await page.emulateMedia({ colorScheme: 'light' });
  assert.equal(await paper(), light);
});

test('whoever may not see it is told why on the page', async (t) => {
  const { sidecar } = await startGoverned(t, { config });
  const { page } = await openPage(t, sidecar.adminUrl);
  await page.locator('#level').getByText('Well').waitFor();
  await page.route('**/status', (route) =>
    route.continue({ headers: { ...route.request().headers(), 'x-forwarded-for': '10.0.0.7' } }),
  );
  await page.locator('#away').getByText('kubectl port-forward').waitFor();
});
