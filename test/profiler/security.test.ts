import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  Engine,
  GuestProfiler,
  Linker,
  Module,
  type NamedModule,
  Store,
  UpdateDeadline,
  WasiConfig,
} from '../../lib/index.js';
import { guestPath } from '../runtime/support.js';
import { finish, type ReadProfile } from './support.js';

/** Not the time of day, which is a large number too. */
const CLOCK = { wall: () => 1000, monotonic: () => ticks++ / 8 };
let ticks = 0;

const directory = mkdtempSync(join(tmpdir(), 'secret-place-'));
afterAll(() => rmSync(directory, { recursive: true }));

type Sampling = 'callback' | 'recorder';

/**
 * Runs the two modules that call each other, `main` and `lib`, with those of `listed` in the profile;
 * every host call has a marker.
 */
async function profileOf(listed: readonly ('main' | 'lib')[], sampling: Sampling) {
  const engine = new Engine({ epochInterruption: true });
  const store = new Store(engine);
  const linker = new Linker(engine);
  linker.funcWrap('env', 'bump_epoch', { params: [], results: [] }, function hostFunctionOfOurs() {
    engine.incrementEpoch();
  });
  const load = (name: string) => {
    // From a place whose name must stay here.
    const path = join(directory, `secret-file-${name}.wat`);
    copyFileSync(guestPath(`wat/two-modules-${name}.wat`), path);
    return Module.fromFile(engine, path);
  };
  const modules = { main: load('main'), lib: load('lib') };
  const names = { main: 'The Guest', lib: 'The Library' };
  const profiler = new GuestProfiler(
    'program',
    1,
    listed.map((name): NamedModule => [names[name], modules[name]]),
    { clock: CLOCK },
  );
  store.setEpochDeadline(1);
  if (sampling === 'recorder') {
    profiler.attach(store, { everyEpoch: true, hostCalls: true });
    store.epochDeadlineCallback(() => UpdateDeadline.continue(1000));
  } else {
    store.epochDeadlineCallback((store) => {
      profiler.sample(store, 0.5);
      return UpdateDeadline.continue(1);
    });
    store.callHook((store, kind) => profiler.callHook(store, kind));
  }
  linker.instance(store, 'lib', linker.instantiate(store, modules.lib));
  const main = linker.instantiate(store, modules.main);
  expect(main.getFunc(store, 'squares').call(store, 20)).toBe(2470);
  expect(main.getFunc(store, 'deep').call(store, 20)).toBe(20);
  return finish(profiler);
}

/** The lowest address of this process, at most that of a program which isn't relocatable. */
function lowestAddress(): number {
  const starts = readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Number.parseInt(line, 16));
  expect(starts.length).toBeGreaterThan(10);
  return Math.min(...starts, 0x400000);
}

/** CPU times are nanoseconds of any size, ids are hashes of the module's bytes, which other tests compare. */
const OF_ANY_SIZE = ['threadCPUDelta', 'codeId', 'breakpadId'];

/** All numbers of a profile, and those that its strings spell out; without what is of any size. */
function numbersIn(json: unknown): number[] {
  if (typeof json === 'number') return [json];
  if (typeof json === 'string') {
    const spelt = json.match(/\d{6,}|0x[0-9a-f]+|[0-9a-f]{8,}/gi) ?? [];
    return spelt.flatMap((digits) => [Number(digits), Number.parseInt(digits, 16)]);
  }
  if (typeof json !== 'object' || json === null) return [];
  return Object.entries(json).flatMap(([key, value]) =>
    OF_ANY_SIZE.includes(key) ? [] : numbersIn(value),
  );
}

/** Numbers that may be addresses: code of guests is smaller than the lowest one, so there are none. */
function addressesIn({ json }: ReadProfile): number[] {
  const numbers = numbersIn(json);
  expect(numbers.length).toBeGreaterThan(100);
  const lowest = lowestAddress();
  return numbers.filter((number) => number >= lowest);
}

/** Without the modules' hashes in the information panel: the very ones that the modules have. */
function withoutHashes(profile: ReadProfile): ReadProfile {
  const { libs, meta } = profile.json;
  const hashes = libs.map(({ codeId }: { codeId: string }) => codeId);
  expect(hashes.join()).toMatch(/^[\da-f]{64}(,[\da-f]{64})*$/);
  const replaced = JSON.stringify(meta.extra, (_, value) =>
    hashes.includes(value) ? 'a hash' : value,
  );
  return { ...profile, json: { ...profile.json, meta: { ...meta, extra: JSON.parse(replaced) } } };
}

/** What is nobody's business, wherever it stands in the profile. */
function expectNoHost({ text }: ReadProfile): void {
  for (const secret of [
    process.cwd(),
    homedir(),
    directory,
    tmpdir(),
    'secret',
    hostname(),
    process.execPath,
    userInfo().username,
    'hostFunctionOfOurs',
    '.wat',
    'file:',
    'node',
    'bump_epoch',
  ]) {
    if (secret.length > 1) expect(text).not.toContain(secret);
  }
}

describe.each<Sampling>(['callback', 'recorder'])('a profile made by a %s', (sampling) => {
  it('of both modules shows both, or the tests below would show nothing', async () => {
    const profile = await profileOf(['main', 'lib'], sampling);
    expect(profile.stacks.length).toBe(2 * 20 + 1 + 2 * 20 + 1);
    expect(profile.text).toContain('The Guest');
    expect(profile.text).toContain('The Library');
    expect(profile.stacks).toContainEqual(['squares', 'for_each', 'square']);
    expect(profile.stacks).toContainEqual(['squares', 'for_each', 'sum']);
    const deepest = profile.stacks.toSorted((a, b) => b.length - a.length)[0];
    expect(deepest).toHaveLength(2 * 20 + 2);
    expect(profile.causes.flat()).toContain('call_once');
    expectNoHost(profile);
  });

  it('of the one module has nothing of the other', async () => {
    const profile = await profileOf(['main'], sampling);
    const both = await profileOf(['main', 'lib'], sampling);
    for (const name of ['The Library', 'for_each', 'call_once', 'sum', 'lib.']) {
      expect(profile.text).not.toContain(name);
    }
    expect(profile.json.shared.stringArray).not.toContain('lib');
    const own = new Set(['squares', 'square', 'deep', 'deeper']);
    for (const [kind, mine, all] of [
      ['sample', profile.stacks, both.stacks],
      ['marker', profile.causes, both.causes.filter((stack) => stack.some((f) => own.has(f)))],
    ] as const) {
      // The very same stacks without the other's frames: they leave no gap.
      const expected = all.map((stack) => stack.filter((name) => own.has(name)));
      expect({ kind, stacks: mine }).toEqual({ kind, stacks: expected });
    }
    expect(profile.json.libs).toHaveLength(1);
    expectNoHost(profile);
  });

  it('of the other module has nothing of the one', async () => {
    const profile = await profileOf(['lib'], sampling);
    for (const name of ['The Guest', 'square', 'deep', 'main']) {
      expect(profile.text).not.toContain(name);
    }
    expect(new Set(profile.stacks.flat())).toEqual(new Set(['for_each', 'call_once', 'sum']));
    expectNoHost(profile);
  });

  it('of no module has as many samples, all of them empty', async () => {
    const profile = await profileOf([], sampling);
    expect(profile.stacks).toEqual(new Array(82).fill([]));
    expect(profile.causes).toEqual([]);
    expect(profile.json.libs).toEqual([]);
    for (const name of ['The ', 'square', 'deep', 'for_each', 'call_once']) {
      expect(profile.text).not.toContain(name);
    }
    expectNoHost(profile);
  });

  it.runIf(process.platform === 'linux')('has no address of the process', async () => {
    const profile = await profileOf(['main', 'lib'], sampling);
    expect(addressesIn(withoutHashes(profile))).toEqual([]);
  });
});

it.runIf(process.platform === 'linux')('an address would be found, in any form', () => {
  const heap = readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .find((l) => l.includes('[stack]'));
  const address = Number.parseInt(heap ?? '', 16);
  const numbers = new Array(101).fill(7);
  const found = (value: unknown) =>
    addressesIn({ json: { numbers, deep: [{ value }] } } as unknown as ReadProfile).length > 0;
  expect(found(8)).toBe(false);
  expect(found('a word of no number')).toBe(false);
  expect(found(address)).toBe(true);
  expect(found(`${address}`)).toBe(true);
  expect(found(`at 0x${address.toString(16)}`)).toBe(true);
  expect(found(address.toString(16))).toBe(true);
});

describe('a real program with debug information', () => {
  it('has no address and no place of the host', async () => {
    const engine = new Engine({ epochInterruption: true });
    const store = new Store(engine);
    const path = join(directory, 'secret-parser.wasm');
    copyFileSync(guestPath('c/parser.wasm'), path);
    const module = Module.fromFile(engine, path);
    store.setWasi(
      new WasiConfig({
        args: ['secret-argument', '1', '/secret-guest/file.json'],
        env: { SECRET: 'secret-value' },
        stdout: 'capture',
        preopens: [{ host: directory, guest: '/secret-guest' }],
      }),
    );
    const profiler = new GuestProfiler('program', 1, [['parser', module]], { clock: CLOCK });
    let calls = 0;
    store.callHook((store, kind) => {
      profiler.callHook(store, kind);
      if (++calls % 7 === 0) profiler.sample(store, 0);
    });
    const instance = new Linker(engine).addWasi().instantiate(store, module);
    store.setEpochDeadline(1e9);
    instance.getFunc(store, '_start').call(store);
    expect(Buffer.from(store.wasiOutput('stdout') ?? []).toString()).toMatch(/^parser rounds=1 /);
    const profile = await finish(profiler);
    expect(profile.stacks.length).toBeGreaterThan(5);
    expect(profile.causes.flat()).toContain('main');
    expectNoHost(profile);
    // The module's ids spell out numbers of any size: those of its hash, and of nothing else.
    const codeId = createHash('sha256').update(readFileSync(path)).digest('hex');
    const breakpadId = `${codeId.slice(0, 32).toUpperCase()}0`;
    const [{ codeId: ownCodeId, breakpadId: ownBreakpadId }] = profile.json.libs;
    expect([ownCodeId, ownBreakpadId]).toEqual([codeId, breakpadId]);
    const [{ label, entries }, ...sections] = profile.json.meta.extra;
    expect([label, sections]).toEqual(['Recording of program', []]);
    expect(entries).toMatchObject([
      { label: 'Engine', value: expect.stringMatching(/^Wasmtime \d+\.\d+\.\d+$/) },
      { label: 'Interval', value: 1 },
      { label: 'SHA-256 of parser', value: codeId },
    ]);
    if (process.platform === 'linux') expect(addressesIn(withoutHashes(profile))).toEqual([]);
  });

  it('opens no file that the guest names', async () => {
    const secret = join(directory, 'host-file');
    writeFileSync(secret, 'what the host keeps');
    // A source map whose source it is, without a text; and one that it is itself.
    const map = JSON.stringify({ version: 3, sources: [secret], names: [], mappings: ';AAAA' });
    for (const url of [`data:application/json,${encodeURIComponent(map)}`, secret]) {
      const engine = new Engine();
      const name = Buffer.from('sourceMappingURL');
      const text = Buffer.from(url);
      const content = [name.length, ...name, ...leb(text.length), ...text];
      const section = [0, ...leb(content.length), ...content];
      const bytes = readFileSync(guestPath('c/inlining.wasm'));
      const module = Module.compile(engine, Buffer.concat([bytes, Buffer.from(section)]));
      const store = new Store(engine);
      const options = { clock: CLOCK, sources: true };
      const profiler = new GuestProfiler('program', 1, [['guest', module]], options);
      const linker = new Linker(engine);
      const sample = () => profiler.sample(store, 0);
      linker.funcWrap('env', 'sample', { params: [], results: [] }, sample);
      linker.instantiate(store, module).getFunc(store, 'run').call(store, 1);
      const profile = await finish(profiler);
      expect(profile.stacks.flat()).toContain('heap_sort');
      for (const secret of ['what the host keeps', directory]) {
        expect(profile.text).not.toContain(secret);
      }
    }
  });

  it('the frames of a call in another store are not in a sample', async () => {
    const engine = new Engine({ epochInterruption: true });
    const wat = `(module
      (import "env" "host" (func $host))
      (func $NAME (export "run") (call $host)))`;
    const outer = Module.compile(engine, wat.replace('NAME', 'outer_function'));
    const inner = Module.compile(engine, wat.replace('NAME', 'inner_function'));
    const profiler = new GuestProfiler('p', 1, [
      ['outer', outer],
      ['inner', inner],
    ]);
    const run = (module: Module, host: (store: Store) => void) => {
      const store = new Store(engine);
      store.setEpochDeadline(1000);
      const linker = new Linker(engine);
      linker.funcWrap('env', 'host', { params: [], results: [] }, ({ store }) => host(store));
      linker.instantiate(store, module).getFunc(store, 'run').call(store);
    };
    run(outer, (outerStore) =>
      run(inner, (innerStore) => {
        profiler.sample(innerStore, 0);
        profiler.sample(outerStore, 0);
      }),
    );
    const { stacks } = await finish(profiler);
    expect(stacks).toEqual([['inner_function'], ['outer_function']]);
  });
});

/** LEB128. */
function leb(n: number): number[] {
  return n < 128 ? [n] : [(n % 128) | 128, ...leb(Math.floor(n / 128))];
}
