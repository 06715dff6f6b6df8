import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { htmlPage } from '../../lib/formats/page.js';
import type { Profile } from '../../lib/profile/profile.js';
import { NO_STACK } from '../../lib/profile/stack-table.js';
import { sampleProfile } from '../support/sample-profile.js';
import { launch, watch } from './browser.js';
import { boxesOf, cellsOf } from './seen.js';

const directory = mkdtempSync(join(tmpdir(), 'interactions-'));
const file = join(directory, 'page.html');
let browser: Browser;
let page: Page;
let seen: ReturnType<typeof watch>;

beforeAll(async () => {
  browser = await launch();
  page = await browser.newPage({ viewport: { width: 700, height: 900 } });
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  seen = watch(page);
  writeFileSync(file, Buffer.concat([...htmlPage(profile())]));
});
afterAll(async () => {
  await browser?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** What can be done on the page, by the mouse and by keys alone: both show the same. */
interface Interaction {
  readonly name: string;
  /** The address that it begins at. */
  readonly at?: string;
  /** What is done before. */
  readonly first?: () => Promise<void>;
  readonly mouse: () => Promise<void>;
  readonly keys: () => Promise<void>;
  readonly shown: () => Promise<unknown>;
  readonly expected: unknown;
}

const INTERACTIONS: readonly Interaction[] = [
  {
    name: 'another view',
    mouse: () => page.getByRole('tab', { name: 'Sandwich' }).click(),
    keys: () => press('3'),
    shown: async () => [await selectedTab(), await page.locator('#view-sandwich').isVisible()],
    expected: ['Sandwich', true],
  },
  {
    name: 'the view beside it',
    at: 'view=source',
    mouse: () => page.getByRole('tab', { name: 'Left heavy' }).click(),
    keys: () => on('#tab-source', 'ArrowRight'),
    shown: selectedTab,
    expected: 'Left heavy',
  },
  {
    name: 'a part of the time, in the tracks',
    mouse: () => drag('#tracks .u-over', 0.3, 0.7),
    keys: () => on('#tracks', '+'),
    shown: isSelected,
    expected: true,
  },
  {
    name: 'a part of the time, in the stack chart',
    at: 'view=time',
    mouse: () => drag('#time', 0.3, 0.7),
    keys: () => on('#time', 'ArrowDown', 'ArrowDown', 'Enter'),
    shown: isSelected,
    expected: true,
  },
  {
    name: 'the time of a box',
    at: 'view=time',
    mouse: async () => page.locator('#time').dblclick({ position: await middle('time', 'parse') }),
    keys: () => on('#time', 'ArrowDown', 'ArrowDown', 'Enter'),
    shown: () => inputs('#from', '#to'),
    expected: ['0.333', '12.333'],
  },
  {
    name: 'a part of the time, as numbers',
    mouse: async () => {
      await page.getByLabel('From').click({ clickCount: 3 });
      await page.keyboard.type('12.6');
      await page.locator('#title').click();
    },
    keys: async () => {
      await page.locator('#from').focus();
      await press('Control+a', '1', '2', '.', '6', 'Enter');
    },
    shown: async () => [await inputs('#from', '#to'), (await rows())[0]?.[4]],
    expected: [['12.6', '23'], 'print'],
  },
  {
    name: 'all of the time again',
    at: 'range=3-9',
    mouse: () => page.getByRole('button', { name: 'All of it' }).click(),
    keys: () => on('#tracks', 'Escape'),
    shown: isSelected,
    expected: false,
  },
  {
    name: 'a search',
    mouse: async () => {
      await page.locator('#search').click();
      await page.keyboard.type('memchr');
    },
    keys: () => press('/', ...'memchr'),
    shown: async () => [await text('#found'), (await rows()).map((row) => row[4])],
    expected: ['“memchr”: 1 function, 8, 40.0%', ['memchr']],
  },
  {
    name: 'no search',
    at: 'search=memchr',
    mouse: () => page.getByRole('button', { name: 'Reset' }).click(),
    keys: () => on('#search', 'Escape'),
    shown: async () => [await text('#found'), (await rows()).length],
    expected: ['', 12],
  },
  {
    name: 'a category left out',
    mouse: () => page.getByRole('button', { name: 'Output' }).click(),
    keys: () => on('#legend button:has-text("Output")', 'Space'),
    shown: async () => [await pressed('Output'), (await rows()).some((row) => row[4] === 'print')],
    expected: ['false', false],
  },
  {
    name: 'a category taken in again',
    at: 'hidden=2',
    mouse: () => page.getByRole('button', { name: 'Output' }).click(),
    keys: () => on('#legend button:has-text("Output")', 'Enter'),
    shown: async () => [await pressed('Output'), (await rows()).some((row) => row[4] === 'print')],
    expected: ['true', true],
  },
  {
    name: 'a module',
    mouse: async () => void (await page.getByLabel('Module').selectOption('lib.wasm')),
    keys: () => on('#module', 'l'),
    shown: async () => [...(await boxesOf(page, 'flame')).keys()],
    expected: ['all', 'memchr'],
  },
  {
    name: 'a thread',
    mouse: async () => void (await page.getByLabel('Thread').selectOption('worker')),
    keys: () => on('#thread', 'w'),
    shown: async () => (await rows())[0]?.[4],
    expected: 'worker 0',
  },
  {
    name: 'a weight',
    mouse: async () => void (await page.getByLabel('Weight').selectOption('CPU time')),
    keys: () => on('#weight', 'c'),
    shown: async () => (await rows())[0]?.slice(0, 1),
    expected: ['5.3 ms'],
  },
  {
    name: 'what a frame weighs',
    mouse: async () => page.locator('#flame').hover({ position: await middle('flame', 'parse') }),
    keys: () => on('#flame', 'ArrowDown', 'ArrowDown'),
    shown: async () =>
      /parse.*12, 60.0%/.test(`${await text('#tooltip')}${await text('#details')}`),
    expected: true,
  },
  {
    name: 'a zoom',
    mouse: async () => page.locator('#flame').click({ position: await middle('flame', 'parse') }),
    keys: () => on('#flame', 'ArrowDown', 'ArrowDown', 'Enter'),
    shown: async () => (await boxesOf(page, 'flame')).has('print'),
    expected: false,
  },
  {
    name: 'no zoom',
    first: () => on('#flame', 'ArrowDown', 'ArrowDown', 'Enter'),
    mouse: () => page.getByRole('button', { name: 'Reset' }).click(),
    keys: () => on('#flame', 'Escape'),
    shown: async () => (await boxesOf(page, 'flame')).has('print'),
    expected: true,
  },
  {
    name: 'the call tree inverted',
    mouse: () => page.getByLabel('Invert').click(),
    keys: () => on('#invert', 'Space'),
    shown: async () => (await boxesOf(page, 'flame')).get('memchr')?.row,
    expected: 1,
  },
  {
    name: 'callers and callees of a function of the table',
    mouse: () => page.getByRole('button', { name: 'parse', exact: true }).click(),
    keys: () => on('#functions button[title^="parse:"]', 'Enter'),
    shown: sandwich,
    expected: ['Sandwich', 'parse'],
  },
  {
    name: 'callers and callees of a frame',
    mouse: async () =>
      page
        .locator('#flame')
        .click({ position: await middle('flame', 'parse'), modifiers: ['Shift'] }),
    keys: () => on('#flame', 'ArrowDown', 'ArrowDown', 's'),
    shown: sandwich,
    expected: ['Sandwich', 'parse'],
  },
  {
    name: 'callers and callees of a frame of the stack chart',
    at: 'view=time',
    mouse: async () =>
      page.locator('#time').click({ position: await middle('time', 'parse'), button: 'right' }),
    keys: () => on('#time', 'ArrowDown', 'ArrowDown', 's'),
    shown: sandwich,
    expected: ['Sandwich', 'parse'],
  },
  {
    name: 'callers and callees of a caller',
    at: 'view=sandwich&func=1',
    mouse: async () =>
      page.locator('#callers').click({ position: await middle('callers', 'main') }),
    keys: () => on('#callers', 'ArrowUp'),
    shown: sandwich,
    expected: ['Sandwich', 'main'],
  },
  {
    name: 'callers and callees of the function of a line',
    at: 'view=source&search=flush&func=11',
    mouse: () => page.locator('#source').getByRole('button', { name: 'flush' }).click(),
    keys: () => on('#source button', 'Enter'),
    shown: sandwich,
    expected: ['Sandwich', 'flush'],
  },
  {
    name: 'the source of a function',
    at: 'func=0',
    mouse: () => page.getByRole('tab', { name: 'Source' }).click(),
    keys: () => press('4'),
    shown: async () => [await text('#source-title'), await lineCount()],
    expected: ['src/app.c', 401],
  },
  {
    name: 'all lines of a source',
    at: 'view=source&func=0',
    mouse: () => page.locator('#more-lines').click(),
    keys: () => on('#more-lines', 'Enter'),
    shown: lineCount,
    expected: 1001,
  },
  {
    name: 'all functions',
    at: 'thread=1',
    mouse: () => page.locator('#more').click(),
    keys: () => on('#more', 'Enter'),
    shown: async () => (await rows()).length,
    expected: 60,
  },
  {
    name: 'another order of the functions',
    mouse: () => page.getByRole('button', { name: 'total', exact: true }).click(),
    keys: () => on('#functions th:nth-child(2) button', 'Enter'),
    shown: async () => (await rows())[0]?.[4],
    expected: 'main',
  },
  {
    name: 'a copy as Markdown',
    first: async () => void (await page.evaluate(`navigator.clipboard.writeText('')`)),
    mouse: () => copied(page.getByRole('button', { name: 'Copy as Markdown' }).click()),
    keys: () => copied(on('#copy-markdown', 'Enter')),
    shown: async () =>
      (await clipboard()).includes('| 8 | 40.0% | 8 | 40.0% | memchr | lib.wasm |'),
    expected: true,
  },
  {
    name: 'a folded copy',
    first: async () => void (await page.evaluate(`navigator.clipboard.writeText('')`)),
    mouse: () => copied(page.getByRole('button', { name: 'Copy folded' }).click()),
    keys: () => copied(on('#copy-folded', 'Space')),
    shown: async () => (await clipboard()).split('\n').includes('main;print 3'),
    expected: true,
  },
];

describe.each(INTERACTIONS)('$name', ({ at = '', first, mouse, keys, shown, expected }) => {
  it.each([
    ['the mouse', mouse],
    ['keys', keys],
  ] as const)('by %s', async (_, act) => {
    await start(at);
    await first?.();
    expect(await shown()).not.toEqual(expected);
    await act();
    expect(await shown()).toEqual(expected);
    expect(seen).toEqual({ errors: [], requests: [] });
  });
});

it('shows what the address says, as soon as that changes, and what it said before', async () => {
  await start('view=sandwich&func=1');
  expect(await sandwich()).toEqual(['Sandwich', 'parse']);
  await page.evaluate(`location.hash = 'view=time&range=3.000-9.000'`);
  await expect.poll(selectedTab).toBe('Time order');
  expect(await inputs('#from', '#to')).toEqual(['3', '9']);
  await page.goBack();
  await expect.poll(sandwich).toEqual(['Sandwich', 'parse']);
});

it('prints what is shown, without what is there to be clicked', async () => {
  await start('view=source&func=0');
  await page.emulateMedia({ media: 'print' });
  const visible = (...ids: string[]) => Promise.all(ids.map((id) => page.locator(id).isVisible()));
  expect(await visible('#title', '#facts', '#tracks', '#source', '#functions')).toEqual(
    Array(5).fill(true),
  );
  expect(await visible('#controls', '#views', '.range', '#more-lines')).toEqual(
    Array(4).fill(false),
  );
  const pdf = await page.pdf();
  expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
  await page.emulateMedia({ media: 'screen' });
});

/** Two modules, threads and categories; a file with a text and one without. */
function profile(): Profile {
  const profile = sampleProfile();
  const { strings, funcs, frames, stacks, sources, resources, categories } = profile;
  const resource = resources.addLibrary(strings.intern('app.wasm'));
  const output = categories.add('Output', 'green');
  const named = (name: string) => strings.intern(name);
  for (let frame = 0; frame < frames.length; frame++) {
    const isPrinting = strings.get(funcs.name.get(frames.func.get(frame))) === 'print';
    if (isPrinting) frames.category.set(frame, output);
  }
  sources.setContent(0, `int main() {\n}\n${'\n'.repeat(998)}`);
  const source = sources.intern(named('src/out.c'));
  const flush = funcs.intern({ name: named('flush'), resource, source, line: 3 });
  const thread = profile.threads[0];
  const inFlush = stacks.intern(NO_STACK, frames.intern({ func: flush, line: 5 }));
  for (const timeMs of [22, 23]) thread?.samples.push(inFlush, timeMs, 0);
  thread?.end(23);
  const worker = profile.addThread({ name: 'worker' });
  for (let i = 0; i < 60; i++) {
    const func = funcs.intern({ name: named(`worker ${i}`), resource });
    worker.samples.push(stacks.intern(NO_STACK, frames.intern({ func })), i + 1, 0.5);
  }
  worker.end(60);
  return profile;
}

/** The page anew, as this address has it. */
async function start(hash: string): Promise<void> {
  // A page that is there already has its address told late.
  await page.goto('about:blank');
  await page.goto(`${pathToFileURL(file).href}#${hash}`);
  await page.waitForSelector('#functions tbody tr');
}

async function press(...keys: readonly string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

/** Keys where the focus is on this. */
async function on(selector: string, ...keys: readonly string[]): Promise<void> {
  const focused = page.locator(selector).first();
  await focused.focus();
  // What can't be reached by Tab isn't reached by keys alone.
  expect(
    await focused.evaluate((element) => (element as unknown as { tabIndex: number }).tabIndex),
  ).toBe(0);
  await press(...keys);
}

async function drag(selector: string, from: number, to: number): Promise<void> {
  const box = await page.locator(selector).first().boundingBox();
  if (box === null) throw new Error(`expected ${selector}`);
  await page.mouse.move(box.x + box.width * from, box.y + 30);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * to, box.y + 30, { steps: 3 });
  await page.mouse.up();
}

/** Of a box, in pixels of its chart. */
async function middle(chart: string, name: string): Promise<{ x: number; y: number }> {
  const found = (await boxesOf(page, chart)).get(name);
  if (found === undefined) throw new Error(`expected a box ${name}`);
  return { x: found.x + found.width / 2, y: found.row * 20 + 10 };
}

/** Waits until the page says so. */
async function copied(act: Promise<void>): Promise<void> {
  await act;
  await page.getByText('Copied.').waitFor();
}

const clipboard = async () => (await page.evaluate('navigator.clipboard.readText()')) as string;
const text = async (selector: string) => (await page.locator(selector).textContent()) ?? '';
const rows = () => cellsOf(page, '#functions tbody tr');
const pressed = (name: string) =>
  page.getByRole('button', { name }).first().getAttribute('aria-pressed');
const inputs = (...ids: readonly string[]) =>
  Promise.all(ids.map((id) => page.locator(id).inputValue()));

async function isSelected(): Promise<boolean> {
  return (await text('#facts')).includes('selected: ');
}

async function selectedTab(): Promise<string> {
  return text('[role=tab][aria-selected=true]');
}

async function sandwich(): Promise<string[]> {
  return [await selectedTab(), await text('#sandwich-name')];
}

async function lineCount(): Promise<number> {
  return page.locator('#source tbody tr').count();
}
