// What `compare` and `diff` say of one program that was built again: by fuel, so that nothing but the binaries differs.
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { Engine, GuestProfiler, Linker, Module, Store } from '../../lib/index.js';
import { listedCode } from '../../lib/profiler/named-module.js';
import { withoutCustomSections } from '../support/wasm-sections.js';
import { CliDirectory, guest } from './command.js';

const directory = new CliDirectory();
afterAll(() => directory[Symbol.asyncDispose]());

interface Row {
  readonly name: string;
  readonly oldName: string | null;
  readonly only: 'before' | 'after' | null;
  readonly self: { readonly before: number; readonly after: number };
}

interface Diff {
  readonly whole: Row['self'];
  readonly functions: readonly Row[];
}

const BY_FUEL = ['compare', '--by', 'fuel', '--every-fuel', '1000'];

async function printed(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await directory.run(args);
  expect(code, stderr).toBe(0);
  return stdout;
}

const parsed = async ([command = '', ...args]: readonly string[]) =>
  JSON.parse(await printed([command, '--json', ...args])) as Diff;

/** Two rounds of two variants of the parser. */
const parsers = (before: string, after: string, ...options: string[]) =>
  parsed([...BY_FUEL, ...options, before, after, '--', '2']);

const unmatched = ({ functions }: Diff) => functions.filter(({ only }) => only !== null);
const changed = ({ functions }: Diff) =>
  functions.filter(({ self }) => self.before !== self.after).map(({ name }) => name);

/** The part of what ran on that side that is in functions of one side alone. */
function unmatchedShare(diff: Diff, side: 'before' | 'after'): number {
  const sum = (rows: readonly Row[]) => rows.reduce((sum, { self }) => sum + self[side], 0);
  return sum(unmatched(diff)) / sum(diff.functions);
}

const named = guest('c/parser-names.wasm');
const reordered = guest('c/parser-reordered-names.wasm');

/** Names of functions of the parser, by what they are called where the names were stripped. */
function namesByNumber(path: string): Map<string, string> {
  const [{ code } = { code: undefined }] = listedCode([['', Module.fromFile(new Engine(), path)]]);
  const { index } = code?.functions() ?? { index: new Uint32Array() };
  const names = code?.functionNames(Uint32Array.from(index), false) ?? [];
  return new Map(Array.from(index, (at, row) => [`wasm-function[${at}]`, names[row] ?? '']));
}

describe('the same binary under another name', () => {
  it('has not changed', async () => {
    writeFileSync(directory.file('app-v2.wasm'), readFileSync(named));
    const args = [...BY_FUEL, '--fail-above', '0%', named, 'app-v2.wasm', '--', '2'];
    expect(await printed(args)).toMatch(
      new RegExp(
        '^parser-names\\.wasm → app-v2\\.wasm: fuel: ([\\d,]+) before, \\1 after \\(±0, ±0\\.0%\\)\n' +
          '.*\n\nNo function changed\\.\n\n' +
          'Within the noise of sampling: \\d+ functions, \\1 \\(100\\.0%\\) before, \\1 \\(100\\.0%\\) after\\.\n$',
      ),
    );
  });
});

describe('a binary whose functions are in another order', () => {
  it('has not changed: they are the same by name', async () => {
    const diff = await parsers(named, reordered);
    expect(diff.functions.length).toBeGreaterThan(50);
    expect(diff.functions.filter(({ oldName, only }) => oldName !== null || only !== null)).toEqual(
      [],
    );
    expect(changed(diff)).toEqual([]);
  });

  it('has moved those that have no names, which are the same by their code', async () => {
    const [before, after] = ['stripped.wasm', 'stripped-reordered.wasm'] as const;
    writeFileSync(directory.file(before), withoutCustomSections(readFileSync(named)));
    writeFileSync(directory.file(after), withoutCustomSections(readFileSync(reordered)));
    const diff = await parsers(before, after);
    expect(unmatchedShare(diff, 'after')).toBeLessThan(0.001);
    const moved = diff.functions.filter(({ oldName }) => oldName !== null);
    expect(moved.length).toBeGreaterThan(40);
    const [old, recent] = [namesByNumber(named), namesByNumber(reordered)];
    expect(moved.map(({ name }) => recent.get(name))).toEqual(
      moved.map(({ oldName }) => old.get(oldName ?? '')),
    );
    expect(moved.filter(({ self }) => self.before !== self.after)).toEqual([]);
  });
});

describe('a binary that other flags made', () => {
  it('has what it has in common matched, and the rest counted', async () => {
    const diff = await parsers(named, guest('c/parser-Oz-names.wasm'));
    expect(diff.whole.after).toBeGreaterThan(diff.whole.before);
    expect(unmatchedShare(diff, 'before')).toBeLessThan(0.01);
    expect(unmatchedShare(diff, 'after')).toBeLessThan(0.05);
    // -O2 had them inlined, and nothing tells of it without debug information.
    const own = unmatched(diff).filter(({ only, self }) => only === 'after' && self.after > 0);
    expect(own.map(({ name }) => name)).toContain('node_new');
    const args = [...BY_FUEL, named, guest('c/parser-Oz-names.wasm'), '--', '2'];
    expect(await printed(args)).toMatch(
      /\nNot matched: \d+ functions \(0\.\d%\) only before, \d+ functions \([0-4]\.\d%\) only after\.\n$/,
    );
  });

  it('has functions that one of them inlined matched by debug information', async () => {
    const levels = (level: string) => guest(`symbols/levels-c-${level}.wasm`);
    const invoked = (before: string, after: string, ...options: string[]) =>
      parsed([...BY_FUEL, '--invoke', 'run', ...options, levels(before), levels(after), '200']);
    const small = await invoked('O2', 'Oz');
    expect(unmatched(small)).toEqual([]);
    expect(small.functions.map(({ name }) => name).sort()).toEqual([
      ...['fibonacci', 'fill', 'moved', 'run', 'sort', 'spin'],
    ]);
    // -O2 has nothing left of the two.
    const fast = await invoked('O0', 'O2');
    expect(unmatched(fast).map(({ name, only }) => [name, only])).toEqual([
      ['clamp', 'before'],
      ['next', 'before'],
    ]);
  });

  it('has inlined functions folded into those around them, where asked for', async () => {
    // The code is the same, but one binary alone tells what was inlined in it.
    const dwarf = guest('c/parser.wasm');
    const apart = await parsers(dwarf, named);
    expect(apart.whole.before).toBe(apart.whole.after);
    expect(unmatched(apart).map(({ name }) => name)).toContain('text_reserve');
    expect(changed(apart)).toContain('text_put_char');
    const folded = await parsers(dwarf, named, '--fold-inlined');
    expect(unmatched(folded)).toEqual([]);
    expect(changed(folded)).toEqual([]);
    // The same of profiles that were recorded before.
    for (const [i, path] of [dwarf, named].entries()) {
      const args = ['run', '-q', '--by', 'fuel', '--every-fuel', '1000', '-o', `${i}.json`];
      await printed([...args, path, '2']);
    }
    expect(changed(await parsed(['diff', '0.json', '1.json']))).toEqual(changed(apart));
    expect(changed(await parsed(['diff', '--fold-inlined', '0.json', '1.json']))).toEqual([]);
  });
});

describe('modules of other names', () => {
  /** Two modules that call each other, under such names, and changed, so that their hashes tell nothing. */
  async function record(file: string, names: readonly [string, string], isChanged: boolean) {
    const engine = new Engine({ consumeFuel: true });
    const [lib, main] = ['lib', 'main'].map((name) => {
      const text = readFileSync(guest(`wat/two-modules-${name}.wat`), 'utf8');
      return Module.compile(
        engine,
        isChanged ? text.replace(/\)\s*$/, ' (global i32 (i32.const 0)))') : text,
      );
    }) as [Module, Module];
    const store = new Store(engine);
    store.setFuel(2n ** 40n);
    const profiler = new GuestProfiler('two', 1, [
      [names[0], lib],
      [names[1], main],
    ]);
    profiler.attach(store, { everyFuel: 1000 });
    const linker = new Linker(engine);
    linker.funcWrap('env', 'bump_epoch', { params: [], results: [] }, () => {});
    linker.instance(store, 'lib', linker.instantiate(store, lib));
    linker.instantiate(store, main).getFunc(store, 'squares').call(store, 10_000);
    await profiler.finish(directory.file(file));
  }

  it('belong together as --map says', async () => {
    await record('old.json', ['lib.wasm', 'main.wasm'], false);
    await record('new.json', ['library.wasm', 'program.wasm'], true);
    const told = (args: readonly string[]) => printed(['diff', ...args, 'old.json', 'new.json']);
    expect(await told([])).toMatch(
      /\nNot matched: 4 functions \(100\.0%\) only before, 4 functions \(100\.0%\) only after\.\n$/,
    );
    // The other one is the only one that is left.
    const mapped = ['--map', 'main.wasm=program.wasm'];
    expect(await told(mapped)).toContain('\nNo function changed.\n');
    expect(await told(mapped)).not.toContain('Not matched');
    // A wrong pair has no function in common.
    expect(await told(['--map', 'lib.wasm=program.wasm'])).toContain('Not matched: 4 functions');
  });
});
