import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { hostileProfile } from '../hostile/hostile-profile.js';
import { HOSTILE_STRINGS } from '../hostile/strings.js';
import { launch, watch } from './browser.js';

it('the page of a profile whose names an enemy chose runs none of them', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'hostile-'));
  const path = join(directory, 'profile.html');
  await hostileProfile().write(path);
  const browser = await launch();
  try {
    const page = await browser.newPage();
    const seen = watch(page);
    const dialogs: string[] = [];
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    await page.goto(pathToFileURL(path).href);
    await page.waitForSelector('#functions tbody tr');
    await page.locator('#more').click();
    const names = await page.locator('#functions tbody button').allTextContents();
    expect(names.length).toBeGreaterThan(HOSTILE_STRINGS.length / 2);
    expect(names).toContain('</script><script>window.pwned = 1</script>');
    expect(names).toContain('<img src=x onerror="window.pwned = 1">');
    for (const view of ['2', '3', '4', '1', '/']) await page.keyboard.press(view);
    await page.keyboard.type('onerror');
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    expect(dialogs).toEqual([]);
    expect(seen).toEqual({ errors: [], requests: [] });
  } finally {
    await browser.close();
    rmSync(directory, { recursive: true, force: true });
  }
});
