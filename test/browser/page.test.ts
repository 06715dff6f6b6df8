import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { htmlPage, htmlPageOf } from '../../lib/formats/page.js';
import { comparedPageData } from '../../lib/formats/page-diff.js';
import { diffProfiles } from '../../lib/profile/diff.js';
import type { Profile } from '../../lib/profile/profile.js';
import { sampleProfile, WEIRD_NAMES } from '../support/sample-profile.js';
import { launch, watch } from './browser.js';

const directory = mkdtempSync(join(tmpdir(), 'page-'));
let browser: Browser;
let page: Page;
let seen: ReturnType<typeof watch>;

beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  seen = watch(page);
});
afterEach(async () => {
  expect(seen).toEqual({ errors: [], requests: [] });
  await page.close();
});

const FRAME = '#flame g.frame';

describe('the page of a profile', () => {
  beforeEach(() => open(htmlPage(profile())));

  it('shows the frames with their names, whatever is in them', async () => {
    const names = await page
      .locator(FRAME)
      .evaluateAll((frames) => frames.map((frame) => frame.getAttribute('name')));
    expect(names.sort()).toEqual(
      [
        ...['app', 'main', 'parse', 'skip_space', 'memchr', 'print'],
        ...WEIRD_NAMES.map((name) => name || '(no name)'),
      ].sort(),
    );
    expect(await page.title()).toBe('Profile of app');
    expect(await page.locator('#facts').textContent()).toContain('20 samples, one per 1 ms');
  });

  it('searches, by typing after a slash', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('MEMCHR');
    expect(await details()).toBe('“MEMCHR”: 8, 44.4%');
    expect(await colors('memchr')).toEqual(['#e600e6']);
    expect(await colors('print')).not.toEqual(['#e600e6']);
    expect(await rows()).toEqual([['8', '44.4%', '8', '44.4%', 'memchr', 'lib.wasm']]);
    await page.keyboard.press('Escape');
    expect(await details()).toBe('');
    expect((await rows()).length).toBe(11);
  });

  it('searches for a function of the table by a click, and for a file', async () => {
    await page.getByRole('button', { name: 'print' }).click();
    expect(await details()).toBe('“print”: 3, 16.7%');
    await page.locator('#search').fill('src/app.c');
    expect((await rows()).map((row) => row[4])).toEqual(['parse', 'main']);
  });

  it('zooms into a frame by a click, and back', async () => {
    const before = await width('parse');
    await frame('parse').click();
    expect(await width('parse')).toBeGreaterThan(before * 1.3);
    expect(await frame('print').count()).toBe(0);
    expect(await details()).toBe('parse  12, 66.7%  src/app.c');
    await page.getByRole('button', { name: 'Reset zoom' }).click();
    expect(await width('parse')).toBeCloseTo(before, 0);
  });

  it('is used with the keyboard alone', async () => {
    await page.locator('#flame').focus();
    for (const [key, name] of [
      ['ArrowUp', 'main  15, 83.3%  src/app.c'],
      ['ArrowUp', 'parse  12, 66.7%  src/app.c'],
      ['ArrowRight', 'print  3, 16.7%  app.wasm'],
      ['ArrowRight', 'print  3, 16.7%  app.wasm'],
      ['ArrowLeft', 'parse  12, 66.7%  src/app.c'],
      ['ArrowDown', 'main  15, 83.3%  src/app.c'],
      ['Home', 'app  18, 100.0%'],
    ] as const) {
      await page.keyboard.press(key);
      expect(await details(), key).toBe(name);
    }
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    expect(await frame('print').count()).toBe(0);
    await page.keyboard.press('Escape');
    expect(await frame('print').count()).toBe(1);
  });

  it('turns upside down, keys too', async () => {
    const top = async (name: string) => (await frame(name).boundingBox())?.y ?? 0;
    expect(await top('main')).toBeGreaterThan(await top('parse'));
    await page.getByLabel('Upside down').check();
    expect(await top('main')).toBeLessThan(await top('parse'));
    await page.locator('#flame').focus();
    await page.keyboard.press('ArrowDown');
    expect(await details()).toContain('main');
  });

  it('weighs by time, and sorts by total', async () => {
    await page.getByLabel('Weight').selectOption('cpu');
    expect((await rows())[0]?.slice(0, 2)).toEqual(['5.3 ms', '41.2%']);
    await page.getByRole('button', { name: 'total' }).click();
    expect((await rows())[0]?.[4]).toBe('main');
  });

  it('lists host calls and draws counters', async () => {
    const calls = await page.locator('#host-calls tbody tr').allInnerTexts();
    expect(calls.map((row) => row.split('\t'))).toEqual([['2', '0.5 ms', '0.3 ms', 'hostcall']]);
    expect(await page.locator('.counter').textContent()).toBe('memory: up to 131,072 bytes');
    expect(await page.locator('.counter path').getAttribute('d')).toMatch(/^M0 50L1000 2$/);
  });

  it.each(['light', 'dark'] as const)('can be read in the %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    // As text, since no types of a browser are known here.
    const [text, background] = (await page.evaluate(
      `['color', 'backgroundColor'].map((key) => getComputedStyle(document.body)[key])`,
    )) as string[];
    expect(Math.abs(brightness(text) - brightness(background))).toBeGreaterThan(600);
    expect(brightness(background) > 380).toBe(colorScheme === 'light');
  });
});

it('shows a thread of several', async () => {
  const several = profile();
  several.addThread({ name: 'worker' }).samples.push(0, 1, 0);
  await open(htmlPage(several));
  await page.getByLabel('Thread').selectOption('worker');
  expect((await rows()).map((row) => row[4])).toEqual(['main']);
});

it('shows what changed between two profiles', async () => {
  const after = profile();
  for (let i = 0; i < 50; i++) after.threads[0]?.samples.push(1, 22 + i, 0);
  const side = (profile: Profile) => ({ profile, threads: profile.threads });
  const diff = diffProfiles(side(profile()), side(after), 'samples');
  await open(htmlPageOf(comparedPageData(side(profile()), side(after), diff)));
  expect(await page.title()).toBe('Profile of app → app');
  await frame('parse').hover();
  expect(await details()).toBe('parse  62, 91.2% (+50)');
  const [grown, same] = [await colors('parse'), await colors('print')];
  expect(grown).toEqual(['rgb(255 115 115)']);
  expect(same).toEqual(['#cfcfd8']);
  expect(await page.locator('#legend').textContent()).toBe(
    'Width: after. Colour: change, −6.8−3.4+3.4+6.8within noise',
  );
});

function profile(): Profile {
  const profile = sampleProfile();
  const memory = profile.addCounter({ name: 'memory', unit: 'bytes' });
  memory.push(1, 65_536);
  memory.push(20, 131_072);
  return profile;
}

async function open(chunks: Iterable<Uint8Array>): Promise<void> {
  const path = join(directory, 'page.html');
  writeFileSync(path, Buffer.concat([...chunks]));
  await page.goto(pathToFileURL(path).href);
  await page.waitForSelector(FRAME);
}

const frame = (name: string) => page.locator(`${FRAME}[name="${name}"]`);
const details = () => page.locator('#details').textContent();
const width = async (name: string) => (await frame(name).boundingBox())?.width ?? 0;

const colors = (name: string) =>
  frame(name)
    .locator('rect')
    .evaluateAll((rects) => rects.map((rect) => rect.getAttribute('fill')));

async function rows(): Promise<string[][]> {
  const texts = await page.locator('#functions tbody tr').allInnerTexts();
  return texts.map((text) => text.split('\t'));
}

/** Of `rgb(1, 2, 3)`: up to 765. */
function brightness(color = ''): number {
  const parts = (color.match(/\d+/g) ?? []).slice(0, 3);
  return parts.reduce((sum, part) => sum + Number(part), 0);
}
