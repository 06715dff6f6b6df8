import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { htmlPage, htmlPageOf } from '../../lib/formats/page.js';
import { pageData } from '../../lib/formats/page-data.js';
import { comparedPageData } from '../../lib/formats/page-diff.js';
import {
  Engine,
  FinishedProfile,
  GuestProfiler,
  Linker,
  Module,
  type RecorderOptions,
  Store,
} from '../../lib/index.js';
import { diffProfiles } from '../../lib/profile/diff.js';
import { FUEL_ENTRY } from '../../lib/profile/fuel.js';
import type { Profile } from '../../lib/profile/profile.js';
import { addCodeTexts } from '../../lib/profiler/code-texts.js';
import { profiledGuest } from '../profiler/symbols-support.js';
import { profileOfCalls } from '../support/code-profile.js';
import { sampleProfile, WEIRD_NAMES } from '../support/sample-profile.js';
import { launch, watch } from './browser.js';
import { boxesOf, cellsOf } from './seen.js';

const directory = mkdtempSync(join(tmpdir(), 'page-'));
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
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

describe('the page of a profile', () => {
  beforeEach(() => open(htmlPage(profile())));

  it('shows the frames with their names, whatever is in them', async () => {
    expect([...(await boxes('flame')).keys()].sort()).toEqual(
      [
        ...['all', 'main', 'parse', 'skip_space', 'memchr', 'print'],
        ...WEIRD_NAMES.map((name) => name || '(no name)'),
      ].sort(),
    );
    expect(await page.title()).toBe('Profile of app');
    expect(await text('#facts')).toContain('20 samples, one per 1 ms');
  });

  it('tells fuel of a profile by fuel', async () => {
    const fuelled = profile();
    const entries = [{ label: FUEL_ENTRY, format: 'integer', value: 100_000 }] as const;
    fuelled.extra.push({ label: 'Sampling', entries });
    await open(htmlPage(fuelled));
    expect(await text('#facts')).toMatch(/20 samples, one per 1M fuel, in [\d.]+M fuel/);
    const options = await page.locator('#weight option').allTextContents();
    expect(options).toEqual(['samples', 'fuel']);
    await page.selectOption('#weight', { label: 'fuel' });
    expect((await rows())[0]?.[0]).toMatch(/^[\d.]+M fuel$/);
  });

  it('searches, by typing after a slash, and says how much was found', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('MEMCHR');
    expect(await text('#found')).toBe('“MEMCHR”: 1 function, 8, 44.4%');
    expect(await colorOf('memchr')).toEqual([176, 0, 176]);
    expect(await colorOf('print')).not.toEqual([176, 0, 176]);
    expect(await rows()).toEqual([['8', '44.4%', '8', '44.4%', 'memchr', 'lib.wasm']]);
    await page.keyboard.press('Escape');
    expect(await text('#found')).toBe('');
    expect((await rows()).length).toBe(11);
    await page.locator('#search').fill('src/app.c');
    expect(await text('#found')).toBe('“src/app.c”: 2 functions, 15, 83.3%');
    expect((await rows()).map((row) => row[4])).toEqual(['parse', 'main']);
  });

  it('shows callers and callees of a function, one click from the table, a frame, or a key', async () => {
    const sandwich = async () => [
      await text('#sandwich-name'),
      [...(await boxes('callers')).keys()],
      [...(await boxes('callees')).keys()],
    ];
    await page.getByRole('button', { name: 'parse', exact: true }).click();
    const expected = ['parse', ['main', 'parse'], ['parse', 'skip_space', 'memchr']];
    expect(await sandwich()).toEqual(expected);
    expect(await text('#sandwich-facts')).toContain('self: 4, 22.2%; total: 12, 66.7%');
    await page.keyboard.press('1');
    await clickBox('print', { button: 'right' });
    expect(await sandwich()).toEqual(['print', ['main', 'print'], ['print']]);
    await page.keyboard.press('1');
    await page.locator('#flame').focus();
    for (const key of ['ArrowDown', 'ArrowDown', 's']) await page.keyboard.press(key);
    expect(await sandwich()).toEqual(expected);
  });

  it('keeps what is chosen while the address follows what was chosen before', async () => {
    // Before the page hears of its new address.
    await page.addInitScript(`addEventListener('hashchange', () => {
      document.getElementById('tab-time').click();
      document.title = 'heard';
    }, { once: true })`);
    await open(htmlPage(profile()));
    await page.keyboard.press('3');
    await expect.poll(() => page.title()).toBe('heard');
    const isChosen = () => page.locator('#tab-time').getAttribute('aria-selected');
    expect(await isChosen()).toBe('true');
    await expect.poll(() => page.url()).toContain('view=time');
    expect(await isChosen()).toBe('true');
  });

  it('zooms into a frame by a click, and back', async () => {
    const before = await width('parse');
    await clickBox('parse');
    expect(await width('parse')).toBeGreaterThan(before * 1.3);
    expect((await boxes('flame')).has('print')).toBe(false);
    expect(await text('#details')).toBe('parse  12, 66.7%  src/app.c');
    await page.getByRole('button', { name: 'Reset' }).click();
    expect(await width('parse')).toBeCloseTo(before, -1);
  });

  it('is used with the keyboard alone', async () => {
    await page.locator('#flame').focus();
    for (const [key, name] of [
      ['ArrowDown', 'main  15, 83.3%  src/app.c'],
      ['ArrowDown', 'parse  12, 66.7%  src/app.c'],
      ['ArrowRight', 'print  3, 16.7%  app.wasm'],
      ['ArrowRight', 'print  3, 16.7%  app.wasm'],
      ['ArrowLeft', 'parse  12, 66.7%  src/app.c'],
      ['ArrowUp', 'main  15, 83.3%  src/app.c'],
      ['Home', 'all  18, 100.0%'],
    ] as const) {
      await page.keyboard.press(key);
      expect(await text('#details'), key).toBe(name);
    }
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect((await boxes('flame')).has('print')).toBe(false);
    await page.keyboard.press('Escape');
    expect((await boxes('flame')).has('print')).toBe(true);
    await page.locator('#tab-flame').focus();
    for (const view of ['time', 'sandwich', 'source', 'flame', 'time']) {
      await page.keyboard.press('ArrowRight');
      expect(await page.locator('[role=tab][aria-selected=true]').getAttribute('id')).toBe(
        `tab-${view}`,
      );
      expect(await page.locator(`#view-${view}`).isVisible()).toBe(true);
    }
    await page.locator('#time').focus();
    for (const key of ['ArrowDown', 'ArrowDown', 'Enter']) await page.keyboard.press(key);
    // `parse` without what comes after it.
    expect(await range()).toEqual([0.333, 12.333]);
    await page.keyboard.press('Escape');
    await page.locator('#tracks').focus();
    for (const key of ['+', '+', 'ArrowLeft']) await page.keyboard.press(key);
    expect((await range()).map((ms) => Math.round(ms * 10) / 10)).toEqual([2.4, 15.9]);
  });

  it('inverts: functions by what they ran themselves, and their callers', async () => {
    await page.getByLabel('Invert').check();
    const found = await boxes('flame');
    expect(found.get('memchr')?.row).toBe(1);
    expect(found.get('skip_space')?.row).toBe(2);
    await page.locator('#flame').focus();
    await page.keyboard.press('ArrowDown');
    expect(await text('#details')).toBe('memchr  8, 44.4%  lib.wasm');
  });

  it('shows samples in the order of time, and follows a selection by the mouse', async () => {
    await page.keyboard.press('2');
    const found = await boxes('time');
    const x = (name: string) => found.get(name)?.x ?? Number.NaN;
    expect(x('memchr')).toBeLessThan(x('print'));
    expect(found.get('main')?.facts[0]).toBe('15.0 ms, from 0.3 ms to 15.3 ms');
    const track = page.locator('#tracks .u-over').first();
    const box = (await track.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    await drag(box.x + box.width * (12.6 / 21), box.x + box.width * (15.6 / 21), box.y + 20);
    expect((await rows()).map((row) => row.slice(0, 5))).toEqual([
      ['3', '100.0%', '3', '100.0%', 'print'],
      ['0', '0.0%', '3', '100.0%', 'main'],
    ]);
    expect(await text('#facts')).toMatch(/selected: 12\.[56] ms to 15\.[67] ms/);
    await page.keyboard.press('1');
    expect([...(await boxes('flame')).keys()]).toEqual(['all', 'main', 'print']);
    await page.getByRole('button', { name: 'All of it' }).click();
    expect((await rows()).length).toBe(11);
    await page.keyboard.press('2');
    const chart = (await page.locator('#time').boundingBox()) ?? box;
    await drag(chart.x, chart.x + chart.width * (8.6 / 21), chart.y + 30);
    expect((await rows())[0]?.slice(0, 5)).toEqual(['8', '100.0%', '8', '100.0%', 'memchr']);
  });

  it('tells self, total, samples and CPU time of what the mouse is on', async () => {
    expect((await boxes('flame')).get('parse')?.facts).toEqual([
      'here: 12, 66.7%',
      'self: 4, 22.2%',
      'total: 12, 66.7%',
      '12 samples; CPU: 3.0 ms self, 8.3 ms total',
      'src/app.c:9',
      'app.wasm',
    ]);
  });

  it('shows source with the weight of each line, which a selection changes', async () => {
    await page.getByRole('button', { name: 'main', exact: true }).click();
    await page.keyboard.press('4');
    expect(await text('#source-title')).toBe('src/app.c');
    expect(await lines()).toEqual([
      ['', '', '', '', '1', 'int main() {'],
      ['', '', '15', '83.3%', '2', '}'],
      ['', '', '', '', '3', ''],
    ]);
    await page.getByLabel('From').fill('12.6');
    await page.getByLabel('From').press('Enter');
    expect((await lines())[1]?.slice(2)).toEqual(['3', '50.0%', '2', '}']);
  });

  it('leaves categories and modules out', async () => {
    await page.getByLabel('Module').selectOption('lib.wasm');
    expect([...(await boxes('flame')).keys()]).toEqual(['all', 'memchr']);
    expect((await rows()).map((row) => row[4])).toEqual(['memchr']);
  });

  it('keeps what is shown in its address', async () => {
    await page.getByLabel('Weight').selectOption('wall');
    await page.getByLabel('Module').selectOption('app.wasm');
    await page.getByRole('button', { name: 'parse', exact: true }).click();
    await page.getByLabel('From').fill('3');
    await page.getByLabel('From').press('Enter');
    await page.waitForURL(/range=/);
    const url = page.url();
    expect(url).toMatch(/#view=sandwich&weight=wall&func=1&range=3\.000-21\.000&module=app\.wasm$/);
    const shown = [await text('#sandwich-facts'), await rows()];
    await page.goto('about:blank');
    await page.goto(url);
    expect([await text('#sandwich-facts'), await rows()]).toEqual(shown);
    for (const wrong of [
      '#view=x&thread=9&func=-1&range=a-b&hidden=q',
      '#%E0%A4%A',
      '#range=9-1',
    ]) {
      await page.goto(url.replace(/#.*/, wrong));
      await page.reload();
      expect((await rows()).length, wrong).toBe(11);
    }
  });

  it('goes where its address is changed to, whatever it was about to write there', async () => {
    await page.evaluate(`
      const search = document.getElementById('search');
      const blocked = (ms) => {
        const until = performance.now() + ms;
        while (performance.now() < until);
      };
      // Both are due at once: the page writes before it hears of the new address.
      setTimeout(() => (location.hash = 'search=print'), 200);
      search.value = 'main';
      search.dispatchEvent(new Event('input', { bubbles: true }));
      blocked(300);
    `);
    await expect.poll(() => page.locator('#search').inputValue()).toBe('print');
    await page.waitForTimeout(300);
    expect(page.url()).toMatch(/#search=print$/);
    expect((await rows()).map((row) => row[4])).toEqual(['print']);
  });

  it('copies as Markdown and as folded stacks', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const copied = async (name: string) => {
      await page.getByRole('button', { name }).click();
      await page.getByText('Copied.').waitFor();
      return (await page.evaluate('navigator.clipboard.readText()')) as string;
    };
    expect(await copied('Copy as Markdown')).toContain(
      '| 8 | 44.4% | 8 | 44.4% | memchr | lib.wasm |',
    );
    const folded = await copied('Copy folded');
    expect(folded.split('\n').slice(0, 3).sort()).toEqual([
      'main;parse 4',
      'main;parse;skip_space;memchr 8',
      'main;print 3',
    ]);
  });

  it('weighs by time, and sorts by total', async () => {
    await page.getByLabel('Weight').selectOption('cpu');
    expect((await rows())[0]?.slice(0, 2)).toEqual(['5.3 ms', '41.2%']);
    await page.getByRole('button', { name: 'total', exact: true }).click();
    expect((await rows())[0]?.[4]).toBe('main');
  });

  it('lists host calls and draws tracks', async () => {
    const calls = await page.locator('#host-calls tbody tr').allInnerTexts();
    expect(calls.map((row) => row.split('\t'))).toEqual([['2', '0.5 ms', '0.3 ms', 'hostcall']]);
    expect(await page.locator('.track p').allTextContents()).toEqual([
      'CPU: up to 75.0%',
      'memory: up to 131,072 bytes',
      'host calls: up to 100.0%',
    ]);
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

  it.each(['light', 'dark'] as const)(
    'has nothing that axe finds fault with in the %s, nor when narrow',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      await page.addScriptTag({ content: AXE });
      for (const width of [1200, 360]) {
        await page.setViewportSize({ width, height: 700 });
        for (const key of ['1', '2', '3', '4']) {
          await page.keyboard.press(key);
          expect(await page.evaluate(AXE_RUN), `${width} px, view ${key}`).toEqual([]);
          // Nothing is so wide that the page itself scrolls sideways.
          expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(
            width,
          );
        }
      }
    },
  );
});

it('shows a thread of several', async () => {
  const several = profile();
  several.addThread({ name: 'worker' }).samples.push(0, 1, 0);
  await open(htmlPage(several));
  await page.getByLabel('Thread').selectOption('worker');
  expect((await rows()).map((row) => row[4])).toEqual(['main']);
});

it('has a track of the fuel that a guest used, and counts in fuel where samples are by fuel', async () => {
  const byTime = fuelled({ sampler: 'epoch', everyEpoch: true });
  await open(htmlPage(byTime.model));
  const [track = ''] = (await page.locator('.track p').allTextContents()).filter((text) =>
    text.startsWith('fuel used: '),
  );
  expect(track).toMatch(/^fuel used: up to [\d,]+(\.\d)? per ms$/);
  expect(await page.locator('.track .u-over').count()).toBe(2);
  const [counter] = pageData(byTime.model).counters;
  expect(counter).toMatchObject({ name: 'fuel used', unit: 'number per ms' });
  // The area below the line is the fuel that was used between the first and the last reading.
  const points = counter?.points ?? [];
  const area = points.reduce(
    (sum, [time, rate], i) => sum + rate * ((points[i + 1]?.[0] ?? time) - time),
    0,
  );
  expect(area).toBeGreaterThan(0.9 * byTime.used);
  expect(area).toBeLessThanOrEqual(byTime.used);
  await open(htmlPage(fuelled({ everyFuel: 1000 }).model));
  expect(await text('#facts')).toMatch(/^[\d,]+ samples, one per 1K fuel, in [\d.]+K fuel/);
  expect(await text('.range')).toContain('million of fuel');
});

it('shows a function’s instructions where no source is known, of what is selected', async () => {
  const { model, module } = profileOfCalls();
  addCodeTexts(model, new Map([[0, Module.code('module', module)]]));
  await open(htmlPage(model));
  await page.keyboard.press('4');
  // The hottest, until one is chosen.
  expect(await text('#source-title')).toBe(
    'repeat, its instructions: the module has no debug information',
  );
  expect(await page.locator('#source th').allTextContents()).toEqual([
    ...['self', 'total', 'offset', 'instruction'],
  ]);
  const weighed = async () => (await lines()).map((line) => [...line.slice(0, 4), line[5]?.trim()]);
  expect((await weighed()).slice(0, 3)).toEqual([
    ['', '', '', '', '(func $repeat (;1;) (type 1) (param $times i32)'],
    ['', '', '', '', 'loop $again'],
    ['5', '83.3%', '5', '83.3%', 'call $sample'],
  ]);
  await page.getByRole('button', { name: 'both', exact: true }).click();
  await page.keyboard.press('4');
  expect((await weighed()).filter(([, , total]) => total !== '')).toEqual([
    ['', '', '3', '50.0%', 'call $repeat'],
    ['1', '16.7%', '1', '16.7%', 'call $sample'],
    ['', '', '2', '33.3%', 'call $repeat'],
  ]);
  const time = (sample: number) => model.threads[0]?.samples.time.get(sample) ?? Number.NaN;
  await page.getByLabel('From').fill(String((time(3) + time(4)) / 2));
  await page.getByLabel('From').press('Enter');
  expect((await weighed()).filter(([, , total]) => total !== '')).toEqual([
    ['', '', '2', '100.0%', 'call $repeat'],
  ]);
});

it('labels code of function entries and loops in the Source view, and tells of lines left out', async () => {
  const { profile, module } = profiledGuest('c/parser-stripped.wasm');
  const model = FinishedProfile.model(profile);
  addCodeTexts(model, new Map([[0, Module.code('module', module)]]));
  const [[symbol, code] = []] = model.codeTexts;
  const kept = code?.lines.filter(({ line }) => line !== 2) ?? [];
  if (symbol !== undefined && code !== undefined)
    model.codeTexts.set(symbol, { ...code, lines: kept });
  await open(htmlPage(model));
  await page.keyboard.press('4');
  const shown = await lines();
  const hot = shown
    .filter(([self, ...rest]) => self !== '' && rest.length > 0)
    .map((line) => line.at(-1));
  // Samples were taken at epoch checks.
  expect(hot.length).toBeGreaterThan(0);
  for (const line of hot) expect(line).toMatch(/;; (function entry or no instruction|loop)$/);
  expect(shown[1]).toEqual(['…']);
});

it('shows what changed between two profiles', async () => {
  const after = profile();
  for (let i = 0; i < 50; i++) after.threads[0]?.samples.push(1, 22 + i, 0);
  const side = (profile: Profile) => ({ profile, threads: profile.threads });
  const diff = diffProfiles(side(profile()), side(after), 'samples');
  await open(htmlPageOf(comparedPageData(side(profile()), side(after), diff)));
  expect(await page.title()).toBe('Profile of app → app');
  await clickBox('parse');
  expect(await text('#details')).toBe('parse  62, 91.2% (+50)');
  await page.keyboard.press('Escape');
  expect(await colorOf('parse')).toEqual([255, 115, 115]);
  expect(await colorOf('print')).toEqual([207, 207, 216]);
  expect(await page.locator('[role=tab]:visible').allTextContents()).toEqual([
    'Left heavy',
    'Sandwich',
  ]);
  expect(await page.locator('#legend').textContent()).toBe(
    'Width: after. Colour: change, −6.8−3.4+3.4+6.8within noise',
  );
});

it.each(['cpu', 'wall'] as const)('weighs a comparison by fuel in fuel: %s', async (weight) => {
  const side = (rounds: number) => {
    const { model: profile } = fuelled({ everyFuel: 1000 }, rounds);
    return { profile, threads: profile.threads };
  };
  const [before, after] = [side(100), side(200)];
  await open(htmlPageOf(comparedPageData(before, after, diffProfiles(before, after, weight))));
  expect(await text('#facts')).toMatch(/^[\d,]+ samples, one per 1K fuel, in [\d.]+[KM] fuel/);
  expect(await page.locator('#weight option:checked').textContent()).toBe('fuel');
  await clickBox('step');
  expect(await text('#details')).toMatch(/^step {2}[\d.]+K fuel, \d+\.\d% \(\+[\d.]+K fuel\)$/);
  expect(await page.locator('#legend').textContent()).toMatch(
    /change, (−[\d.]+K fuel){2}(\+[\d.]+K fuel){2}within noise$/,
  );
  expect((await rows())[0]?.[0]).toMatch(/^[\d.]+K fuel$/);
  expect(await text('body')).not.toMatch(/\d ms/);
});

/** A guest's profile, and the fuel that it used. */
function fuelled(
  options: RecorderOptions,
  rounds = 100,
): { readonly model: Profile; readonly used: number } {
  const engine = new Engine({
    epochInterruption: options.everyFuel === undefined,
    consumeFuel: true,
  });
  const module = Module.compile(
    engine,
    `(module (import "env" "bump" (func $bump))
      (func $step (param i32) (result i32) (i32.sub (local.get 0) (i32.const 1)))
      (func (export "run") (local i32 i32)
        (local.set 0 (i32.const ${rounds}))
        (loop $bumps
          (call $bump)
          (local.set 1 (i32.const 100))
          (loop $again (br_if $again (local.tee 1 (call $step (local.get 1)))))
          (br_if $bumps (local.tee 0 (call $step (local.get 0)))))))`,
  );
  const store = new Store(engine);
  store.setFuel(1_000_000n);
  const profiler = new GuestProfiler('fuelled', 1, [['guest', module]]);
  profiler.attach(store, options);
  const linker = new Linker(engine);
  linker.funcWrap('env', 'bump', { params: [], results: [] }, () => engine.incrementEpoch());
  linker.instantiate(store, module).getFunc(store, 'run').call(store);
  const used = Number(1_000_000n - store.getFuel());
  return { model: FinishedProfile.model(profiler.finishProfile()), used };
}

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
  await page.waitForSelector('#functions tbody tr');
}

/** The boxes of a chart by name: the mouse goes over all of it. */
const boxes = (id: string) => boxesOf(page, id);

/** Rules of axe that the page breaks, and where. */
const AXE_RUN = `axe.run().then(({ violations }) =>
  violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(', ')))`;

/** The middle of a box of the flame graph, in pixels of the chart. */
async function middle(name: string): Promise<{ x: number; y: number }> {
  const found = (await boxes('flame')).get(name);
  if (found === undefined) throw new Error(`expected a box ${name}`);
  return { x: found.x + found.width / 2, y: found.row * 20 + 4 };
}

async function clickBox(name: string, options = {}): Promise<void> {
  await page.locator('#flame').click({ position: await middle(name), ...options });
}

async function drag(from: number, to: number, y: number): Promise<void> {
  await page.mouse.move(from, y);
  await page.mouse.down();
  await page.mouse.move(to, y, { steps: 3 });
  await page.mouse.up();
}

const text = (selector: string) => page.locator(selector).textContent();
const width = async (name: string) => (await boxes('flame')).get(name)?.width ?? 0;

async function range(): Promise<number[]> {
  const inputs = ['#from', '#to'].map((id) => page.locator(id).inputValue());
  return (await Promise.all(inputs)).map(Number);
}

/** Red, green and blue of a box of the flame graph. */
async function colorOf(name: string): Promise<number[]> {
  const { x, y } = await middle(name);
  const read = `document.querySelector('#flame canvas').getContext('2d').getImageData(${x}, ${y - 2}, 1, 1).data`;
  return ((await page.evaluate(`[...${read}]`)) as number[]).slice(0, 3);
}

async function lines(): Promise<string[][]> {
  return cellsOf(page, '#source tbody tr');
}

async function rows(): Promise<string[][]> {
  return cellsOf(page, '#functions tbody tr');
}

/** Of `rgb(1, 2, 3)`: up to 765. */
function brightness(color = ''): number {
  const parts = (color.match(/\d+/g) ?? []).slice(0, 3);
  return parts.reduce((sum, part) => sum + Number(part), 0);
}
