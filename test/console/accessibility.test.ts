import assert from 'node:assert/strict';
import { test } from 'node:test';

import { violationsOf } from './accessibility.ts';
import { openPage } from './browser.ts';
import { ask, keepBusy, openOffice, workAWhile } from './office.ts';
import { takePicture } from './pictures.ts';

for (const colorScheme of ['light', 'dark'] as const) {
  test(`${colorScheme}: empty, busy and in trouble, axe finds nothing wrong, and the browser complains of nothing`, async (t) => {
    const office = await openOffice(t);
    const { adminUrl } = office.sidecar;
    const { page, complaints } = await openPage(t, adminUrl, { colorScheme });
    const level = page.locator('#level');
    await level.getByText('Well').waitFor();
    assert.deepEqual(await violationsOf(page), []);

    await workAWhile(office);
    await keepBusy(t, office);
    await page.locator('#runs tbody tr').waitFor();
    await level.getByText('Watch').waitFor();
    await page.locator('#calls').getByText('at the upstream').waitFor();
    assert.deepEqual(await violationsOf(page), []);
    await takePicture(page, `console-${colorScheme}`, 1190);
    await page.setViewportSize({ width: 390, height: 844 });
    assert.deepEqual(await violationsOf(page), []);
    await page.setViewportSize({ width: 1240, height: 900 });

    await office.standIn.refuse();
    const lab = office.client('lab', 'notebooks', 'ines');
    for (let sent = 0; sent < 6; sent += 1) await ask(lab, 'gpt-4o', 10).catch(() => {});
    await level.getByText('Trouble').waitFor();
    office.sidecar.writeConfig('budgetz: []');
    await page.locator('#configuration').getByText('The change is refused').waitFor();
    for (const summary of await page.locator('summary').all()) await summary.click();
    assert.deepEqual(await violationsOf(page), []);
    assert.deepEqual(complaints, []);
  });
}
