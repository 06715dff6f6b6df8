import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FinishedProfile } from '../../lib/index.js';
import { firstLines, recordedProfile } from '../support/recorded-profile.js';
import { launch } from './browser.js';

const APP = new URL('../readers/node_modules/speedscope/dist/release/index.html', import.meta.url);
const directory = mkdtempSync(join(tmpdir(), 'speedscope-'));
let browser: Browser;
let profile: FinishedProfile;

beforeAll(async () => {
  if (!existsSync(APP)) throw new Error('expected speedscope, got none: run npm run readers');
  browser = await launch();
  profile = recordedProfile();
});
afterAll(async () => {
  await browser?.close();
  rmSync(directory, { recursive: true, force: true });
});

it.each(['p.speedscope.json', 'p.folded', 'p.cpuprofile', 'p.pb.gz'])(
  'speedscope finds the ten hottest functions in %s',
  async (name) => {
    const path = join(directory, name);
    const hasWeight = name !== 'p.pb.gz';
    await profile.write(path, hasWeight ? { weight: 'samples' } : {});
    const page = await browser.newPage();
    await page.goto(APP.href);
    await page.locator('input[type=file]').first().setInputFiles(path);
    await page.getByText('Sandwich').first().click();
    // It shows rows that fit the window, the hottest first.
    await page.waitForSelector('table tr:nth-child(12)');
    const rows = await page
      .locator('table tr')
      .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));
    const self = rows
      .slice(1, 11)
      .map(([, self, name]) => [name, parseFloat(self?.replaceAll(',', '') ?? '')]);
    const unit = name === 'p.cpuprofile' ? 0.25 : 1;
    const expected = profile.hotFunctions().slice(0, 10);
    // Equal ones it orders as it likes.
    expect(self.map(([, weight]) => weight)).toEqual(
      expected.map(({ selfSamples }) => Number((selfSamples * unit).toFixed(2))),
    );
    for (const [name, weight] of self) {
      const found = profile.hotFunctions().find((row) => row.name === name);
      expect((found?.selfSamples ?? 0) * unit, `${name}`).toBeCloseTo(weight as number, 2);
    }
    if (['p.speedscope.json', 'p.cpuprofile'].includes(name)) {
      await expectFirstLines(page);
    }
    await page.close();
  },
);

/** Whether speedscope knows where functions begin: by the file in which it saves what it has read. */
async function expectFirstLines(page: Page): Promise<void> {
  const saved = page.waitForEvent('download');
  await page.getByText('Export').first().click();
  const { shared } = JSON.parse(readFileSync(await (await saved).path(), 'utf8'));
  const expected = firstLines('order.c');
  const found = shared.frames
    .filter(({ file }: { file?: string }) => /(^|\/)order\.c$/.test(file ?? ''))
    .map(({ name, line }: { name: string; line: number }) => [name, line]);
  expect(found.length).toBeGreaterThan(3);
  expect(found).toEqual(found.map(([name]: [string]) => [name, expected.get(name)]));
}
