import { ensureCommand, ensureFile } from '../harness/system-packages.ts';

/** A text says why there is no browser to look at the console with. */
export async function prepareConsoleTests(): Promise<string | undefined> {
  return (
    (await ensureCommand('chromium', 'chromium')) ??
    // Pictures for the documentation look the same on every machine.
    (await ensureFile('/usr/share/fonts/opentype/inter/Inter-Regular.otf', 'fonts-inter'))
  );
}
