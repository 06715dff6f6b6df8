import { execFileSync } from 'node:child_process';
import { afterAll, describe, expect, it } from 'vitest';
import {
  CallHook,
  Engine,
  type Func,
  Global,
  type Instance,
  Linker,
  Memory,
  Module,
  Store,
  Table,
  Trap,
  UpdateDeadline,
} from '../../lib/index.js';
import { BumpGuest, ENDINGS, expectProgram, guestPath, runWasi } from './guests.js';
import { type Compared, compareProfiles, OraclePair, Tally } from './oracle-pair.js';

const { total, count } = new Tally();

/** Compares, and demands the number of samples that the guest's text foretells. */
async function expectSamples(guest: BumpGuest, samples: number): Promise<Compared> {
  const compared = count(await guest.pair.compare());
  expect(compared.samples).toBe(samples);
  return compared;
}

function call(guest: BumpGuest, instance: Instance, name: string, ...args: unknown[]): unknown {
  return instance.getFunc(guest.store, name).call(guest.store, ...args);
}

afterAll(() => {
  console.log(
    `oracle: ${total.samples} samples, ${total.frames} frames (deepest stack ${total.deepest}) and ` +
      `${total.markers} markers equal upstream's; so do ${total.recorded} samples of recorders`,
  );
  expect(total.samples).toBeGreaterThan(10_000);
});

describe('programs, sampled by the clock', () => {
  it.each([
    ['c/parser.wasm', ['120']],
    ['c/parser-dwarf4.wasm', ['20']],
    ['c/parser-dwarf-only.wasm', ['20']],
    ['c/parser-names.wasm', ['20']],
    ['c/parser-stripped.wasm', ['20']],
    ['cpp/raytracer.wasm', ['1200']],
    ['go/pipeline.wasm', ['2000']],
  ])('%s', async (name, args) => {
    await expectProgram(runWasi(name, args, 0.1), count);
  });

  it.each(ENDINGS)('endings %s', async (mode, kind) => {
    const { pair, error } = runWasi('c/endings.wasm', [mode], 0.1);
    expect(error).toBeInstanceOf(kind);
    expect(count(await pair.compare()).samples).toBeGreaterThan(0);
  });

  it('assemblyscript/plotter.wasm', async () => {
    const engine = new Engine({ epochInterruption: true });
    const module = Module.fromFile(engine, guestPath('assemblyscript/plotter.wasm'));
    const reports: number[] = [];
    const linker = new Linker(engine)
      .funcWrap('env', 'report', { params: ['i32'], results: [] }, (_, value) =>
        reports.push(value),
      )
      .funcWrap('env', 'abort', { params: ['i32', 'i32', 'i32', 'i32'], results: [] }, () => {});
    const pair = new OraclePair(engine, [['plotter', module]]);
    const store = new Store(engine);
    store.setEpochDeadline(1);
    store.epochDeadlineCallback((store) => {
      pair.sample(store);
      return UpdateDeadline.continue(1);
    });
    store.callHook((store, kind) => pair.callHook(store, kind));
    using _ticker = engine.startEpochTicker(0.1);
    const instance = linker.instantiate(store, module);
    instance.getFunc(store, 'run').call(store, 400);
    expect(instance.getFunc(store, 'run').call(store, 60)).toBe(23422);
    expect(reports.slice(3)).toEqual([33086, 4440, 6168]);
    expect(count(await pair.compare()).samples).toBeGreaterThan(100);
  });
});

describe('edge cases, sampled where the guest asks', () => {
  it('recursion 10,000 deep', async () => {
    const guest = new BumpGuest({ maxWasmStack: 1 << 20 });
    expect(call(guest, guest.start('wat/recursion.wat'), 'run', 10_000)).toBe(10_000);
    expect((await expectSamples(guest, 11)).deepest).toBe(10_003);
  });

  // A recorder has no room yet for a stack like that.
  it('recursion 10,000 deep, sampled at its end alone', async () => {
    const guest = new BumpGuest({ maxWasmStack: 1 << 20 });
    expect(call(guest, guest.start('wat/deep-end.wat'), 'run', 10_000)).toBe(10_000);
    expect((await expectSamples(guest, 1)).deepest).toBe(10_003);
  });

  it('re-entry: JS, wasm, JS, wasm, 40 levels', async () => {
    const guest = new BumpGuest();
    let inner: Func | undefined;
    guest.host('host_call', [['i32'], ['i32'], (caller, n) => inner?.call(caller, n)]);
    const instance = guest.start('wat/reentry.wat');
    inner = instance.getFunc(guest.store, 'inner');
    expect(call(guest, instance, 'outer', 40)).toBe(42);
    expect((await expectSamples(guest, 2 * 42)).deepest).toBeGreaterThan(40);
  });

  it('two modules that call each other', async () => {
    const guest = new BumpGuest();
    const [lib, main] = [
      guest.load('wat/two-modules-lib.wat'),
      guest.load('wat/two-modules-main.wat'),
    ];
    guest.linker.instance(guest.store, 'lib', guest.instantiate(lib));
    const instance = guest.instantiate(main);
    expect(call(guest, instance, 'squares', 50)).toBe(40_425);
    expect(call(guest, instance, 'deep', 50)).toBe(50);
    expect((await expectSamples(guest, 101 + 101)).deepest).toBe(102);
  });

  it('two modules, one of them listed', async () => {
    const guest = new BumpGuest();
    const lib = Module.fromFile(guest.engine, guestPath('wat/two-modules-lib.wat'));
    const main = guest.load('wat/two-modules-main.wat');
    guest.linker.instance(guest.store, 'lib', guest.instantiate(lib));
    call(guest, guest.instantiate(main), 'deep', 20);
    expect((await expectSamples(guest, 41)).deepest).toBe(22);
  });

  it('two stores nested, taking turns', async () => {
    const guest = new BumpGuest();
    const stores = [guest.store, guest.newStore()];
    const runs: Func[] = [];
    let turn = 0;
    guest.host('other_store', [
      ['i32'],
      ['i32'],
      (_, n) => {
        turn = 1 - turn;
        const result = runs[turn]?.call(stores[turn] as Store, n);
        turn = 1 - turn;
        return result;
      },
    ]);
    const module = guest.load('wat/nested-stores.wat');
    for (const store of stores) runs.push(guest.instantiate(module, store).getFunc(store, 'run'));
    expect(runs[0]?.call(guest.store, 10)).toBe(11);
    await expectSamples(guest, 32);
  });

  it('tail calls', async () => {
    const guest = new BumpGuest();
    const instance = guest.start('wat/tail-calls.wat');
    for (const name of ['count_down', 'even_odd', 'machine', 'framed']) {
      call(guest, instance, name, 100_000);
    }
    expect((await expectSamples(guest, 400)).deepest).toBeLessThan(4);
  });

  it('traps of every kind', async () => {
    const guest = new BumpGuest();
    const module = guest.load('wat/traps.wat');
    let traps = 0;
    for (const { name, type } of module.exports) {
      if (type.kind !== 'func' || type.params.length > 0) continue;
      const store = guest.newStore();
      const func = guest.instantiate(module, store).getFunc(store, name);
      try {
        func.call(store);
      } catch (error) {
        expect(error).toBeInstanceOf(Trap);
        traps++;
      }
    }
    expect(traps).toBeGreaterThan(10);
    count(await guest.pair.compare());
  });

  it('an imported memory, table and globals', async () => {
    const guest = new BumpGuest();
    const { store } = guest;
    guest.define('memory', Memory.create(store, { minimum: 1 }));
    guest.define('table', Table.create(store, { element: 'funcref', minimum: 2 }));
    const counter = Global.create(store, { content: 'i32', mutable: true }, 100);
    guest.define('counter', counter);
    guest.define('step', Global.create(store, { content: 'i32', mutable: false }, 3));
    const instance = guest.start('wat/imported-memory.wat');
    expect(call(guest, instance, 'run', 1000)).toBe(3100);
    expect(counter.get(store)).toBe(3100);
    await expectSamples(guest, 1000);
  });

  it('a start function', async () => {
    const guest = new BumpGuest();
    const instance = guest.start('wat/start.wat');
    expect(call(guest, instance, 'sum')).toBe(4950);
    await expectSamples(guest, 11);
  });

  it.each([
    ['unnamed', 'run', [10], 40, 40],
    ['bad-name-section', 'run', [], 42, 1],
    ['same-names', 'run', [2], 30, 30],
    ['weird-names', 'run', [], 21, 21],
    ['indirect', 'run', [160], 247_538_028, 320],
    ['loops', 'run', [10], 1000, 1000],
    ['loops', 'nested', [3, 4, 5], 60, 60],
    ['simd', 'dot', [256], 5_559_680, 128],
  ])('%s: %s', async (name, func, args, result, samples) => {
    const guest = new BumpGuest();
    expect(call(guest, guest.start(`wat/${name}.wat`), func, ...args)).toBe(result);
    await expectSamples(guest, samples);
  });

  it('12,000 functions', async () => {
    const guest = new BumpGuest();
    const script = guestPath('wat/many-functions.mjs');
    const wat = execFileSync(process.execPath, [script], { encoding: 'utf8', maxBuffer: 2 ** 28 });
    const functions = call(guest, guest.start('many-functions', wat), 'run_all') as number;
    expect(functions).toBe(12_000);
    await expectSamples(guest, functions);
  });

  it('a sample of a store that runs nothing', async () => {
    const guest = new BumpGuest({ recorder: false });
    const instance = guest.start('wat/loops.wat');
    guest.pair.sample(guest.store);
    call(guest, instance, 'run', 1);
    guest.pair.sample(guest.store);
    const compared = await expectSamples(guest, 102);
    expect(compared.frames).toBeGreaterThan(100);
  });
});

describe('samples from odd places', () => {
  it('every kind of call hook, in nested calls', async () => {
    const guest = new BumpGuest({ recorder: false });
    let inner: Func | undefined;
    guest.host('host_call', [['i32'], ['i32'], (caller, n) => inner?.call(caller, n)]);
    const instance = guest.start('wat/reentry.wat');
    inner = instance.getFunc(guest.store, 'inner');
    const seen = new Set<string>();
    guest.store.callHook((store, kind) => {
      seen.add(kind);
      guest.pair.sample(store);
      guest.pair.callHook(store, kind);
    });
    call(guest, instance, 'outer', 5);
    expect([...seen].sort()).toEqual(Object.values(CallHook).sort());
    expect(count(await guest.pair.compare()).samples).toBeGreaterThan(50);
  });

  it('wasm called from a call hook, which fires no hooks', async () => {
    const guest = new BumpGuest({ recorder: false });
    const instance = guest.start('wat/reentry.wat', BumpGuestText.hook);
    let depth = 0;
    guest.store.callHook((store, kind) => {
      guest.pair.sample(store);
      if (depth === 0 && kind !== CallHook.ReturningFromWasm) {
        depth++;
        instance.getFunc(store, 'inner').call(store);
        depth--;
      }
      guest.pair.sample(store);
    });
    instance.getFunc(guest.store, 'outer').call(guest.store);
    expect(count(await guest.pair.compare()).frames).toBeGreaterThan(10);
  });

  it('a host function called by the host, within wasm and without', async () => {
    const guest = new BumpGuest({ recorder: false });
    const sampling = guest.func([], [], (caller) => guest.pair.sample(caller.store));
    guest.define('sample', sampling);
    guest.host('nested', [[], [], (caller) => sampling.call(caller)]);
    const instance = guest.start('direct', BumpGuestText.direct);
    sampling.call(guest.store);
    instance.getFunc(guest.store, 'run').call(guest.store);
    sampling.call(guest.store);
    expect(count(await guest.pair.compare()).samples).toBeGreaterThan(3);
  });

  it('after a JS exception was caught in the middle', async () => {
    const guest = new BumpGuest({ recorder: false });
    let inner: Func | undefined;
    guest.host('host_call', [
      ['i32'],
      ['i32'],
      (caller, n) => {
        if (n === 0) throw new Error('unwind');
        try {
          return inner?.call(caller, n);
        } catch {
          guest.pair.sample(caller.store);
          return 0;
        }
      },
    ]);
    const instance = guest.start('wat/reentry.wat');
    inner = instance.getFunc(guest.store, 'inner');
    call(guest, instance, 'outer', 6);
    expect(count(await guest.pair.compare()).samples).toBeGreaterThan(6);
  });
});

describe('the comparison itself', () => {
  it('fails when one frame is dropped, renamed or moved', async () => {
    const guest = new BumpGuest();
    call(guest, guest.start('wat/loops.wat'), 'run', 3);
    const upstream = JSON.parse(guest.pair.finishUpstream());
    const bytes = await guest.pair.profiler.finish();
    const ours = () => JSON.parse(Buffer.from(bytes).toString());
    const imports = new Map([['wat/loops.wat', 1]]);
    expect(compareProfiles(ours(), upstream, imports).samples).toBe(300);

    const dropped = ours();
    const { stack } = dropped.threads[0].samples;
    const leaf = stack[150];
    stack[150] = leaf - dropped.shared.stackTable.prefixOffset[leaf];
    expect(() => compareProfiles(dropped, upstream, imports)).toThrow(
      /sample 150: frames: ours \d/,
    );

    const moved = ours();
    moved.shared.frameTable.address[0] += 1;
    expect(() => compareProfiles(moved, upstream, imports)).toThrow(/sample 0, frame 0: ours/);

    const renamed = ours();
    renamed.shared.stringArray[renamed.shared.funcTable.name[0]] = 'other';
    expect(() => compareProfiles(renamed, upstream, imports)).toThrow(/sample 0, frame 0: ours/);

    const fewer = ours();
    fewer.threads[0].samples.stack.pop();
    expect(() => compareProfiles(fewer, upstream, imports)).toThrow(/samples: ours 299/);
  });
});

const BumpGuestText = {
  hook: `(module $hook
    (import "env" "bump_epoch" (func $bump))
    (func $inner (export "inner") (call $bump) (loop))
    (func $leaf (call $bump) (loop))
    (func $outer (export "outer") (call $leaf) (call $bump) (loop)))`,
  direct: `(module $direct
    (import "env" "sample" (func $sample))
    (import "env" "nested" (func $nested))
    (func $leaf (call $sample) (call $nested))
    (func $run (export "run") (call $leaf)))`,
};
