import type { TestContext } from 'node:test';

import { type Page, chromium } from 'playwright-core';

export interface Look {
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
  readonly reducedMotion?: 'reduce' | 'no-preference';
}

export interface OpenPage {
  readonly page: Page;
  /** What the browser complained of, on its console and as uncaught errors. */
  readonly complaints: string[];
}

/** Headless Chromium, as Debian packages it. */
export async function openPage(t: TestContext, url: string, look: Look = {}): Promise<OpenPage> {
  const { colorScheme = 'light', reducedMotion = 'no-preference', width = 1240, height = 900 } = look;
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    // Its sandbox wants a user that isn't root.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  t.after(() => browser.close());
  const context = await browser.newContext({
    colorScheme,
    reducedMotion,
    viewport: { width, height },
    timezoneId: 'Europe/Berlin',
    locale: 'en-GB',
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(url);
  return { page, complaints };
}
