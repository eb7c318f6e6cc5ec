import { join } from 'node:path';

import type { Page } from 'playwright-core';

/**
 * For the documentation; taken only by `npm run pictures`, because they are never the same twice.
 *
 * @param height of what is shown of the page, in pixels.
 */
export async function takePicture(page: Page, name: string, height: number): Promise<void> {
  if (process.env['TAKE_PICTURES'] === undefined) return;
  const { width } = page.viewportSize()!;
  const path = join(import.meta.dirname, '../../docs', `${name}.png`);
  await page.evaluate('scrollTo(0, 0)');
  await page.mouse.move(0, 0);
  await page.screenshot({ path, fullPage: true, clip: { x: 0, y: 0, width, height } });
}
