import { describe, expect, it, vi } from 'vitest';
import { runNode, USED_MEMORY } from './support.js';

/** A busy machine needs minutes for so many. */
const TIMEOUT_MS = 600_000;
vi.setConfig({ testTimeout: TIMEOUT_MS });

/** 50,000 of everything; memory is compared between the first fifth and the end, in MiB. */
function growth(how: string): { growth: number; used: number } {
  const output = runNode(
    `
    import { Engine, Func, Linker, Module, Store } from 'LIB';
    const engine = new Engine();
    const module = Module.compile(engine, \`(module (memory 1)
      (func (export "f") (param externref) (result externref) (local.get 0)))\`);
    const linker = new Linker(engine);
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const make = (store) => {
      const instance = linker.instantiate(store, module);
      const func = Func.wrap(store, { params: ['externref'], results: [] }, () => {});
      const value = { some: 'value' };
      func.call(store, value);
      if (instance.getFunc(store, 'f').call(store, value) !== value) throw new Error('another value');
    };
    const round = {
      dispose() { const store = new Store(engine); make(store); store.dispose(); },
      using() { const store = new Store(engine); try { make(store); } finally { store[Symbol.dispose](); } },
      collector() { make(new Store(engine)); },
    }['${how}'];
    ${USED_MEMORY}
    let before = 0;
    for (let i = 1; i <= 50_000; i++) {
      round();
      if (i % 100 === 0) await turn();
      if ('${how}' === 'collector' && i % 500 === 0) gc();
      if (i === 10_000) before = await usedMemory();
    }
    const after = await usedMemory();
    console.log(JSON.stringify({ growth: after - before, used: after }));`,
    { gc: true, timeoutMs: TIMEOUT_MS },
  );
  return JSON.parse(output);
}

describe('50,000 stores with an instance, a func and an externref each', () => {
  it.each(['dispose', 'using', 'collector'])('leave memory level: %s', (how) => {
    const found = growth(how);
    console.log(
      `${how}: ${found.growth.toFixed(1)} MiB more after 40,000 rounds, ${found.used.toFixed(0)} MiB in all`,
    );
    // A round that leaked but 1 KiB would leave 39 MiB.
    expect(found.growth).toBeLessThan(20);
  });
});

/** As above, of asynchronous calls, by how they end; each has one within. */
function asyncGrowth(how: string): { growth: number; used: number } {
  const output = runNode(
    `
    import { Engine, Linker, Module, Store } from 'LIB';
    const engine = new Engine({ epochInterruption: true });
    const module = Module.compile(engine, \`(module (import "env" "wait" (func $wait (param i32)))
      (func (export "f") (param i32 externref) (result externref)
        (call $wait (local.get 0)) (local.get 1)))\`);
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    let f;
    const linker = new Linker(engine).funcWrapAsync('env', 'wait', { params: ['i32'], results: [] },
      async (caller, n) => {
        if (n === 0) return;
        await f.callAsync(caller, n - 1, null);
        if (${how === 'abort'}) await new Promise(() => {});
        if (${how === 'throw'}) throw new Error('thrown');
      });
    const start = async () => {
      const store = new Store(engine);
      store.setEpochDeadline(2 ** 40);
      f = (await linker.instantiateAsync(store, module)).getFunc(store, 'f');
      return store;
    };
    let store = await start();
    const round = {
      async value() {
        const value = { some: 'value' };
        if ((await f.callAsync(store, 1, value)) !== value) throw new Error('another value');
      },
      async throw() {
        await f.callAsync(store, 1, null).then(() => process.exit(1), () => {});
      },
      async abort() {
        const controller = new AbortController();
        const call = f.callAsync(store, 1, null, { signal: controller.signal });
        await turn();
        controller.abort('aborted');
        await call.then(() => process.exit(1), () => {});
      },
    }['${how}'];
    ${USED_MEMORY}
    let before = 0;
    for (let i = 1; i <= 40_000; i++) {
      await round();
      if (i % 100 === 0) await turn();
      // References live as long as their store.
      if (i % 1000 === 0) { store.dispose(); store = await start(); }
      if (i === 20_000) before = await usedMemory();
    }
    const after = await usedMemory();
    console.log(JSON.stringify({ growth: after - before, used: after }));`,
    { gc: true, timeoutMs: 110_000 },
  );
  return JSON.parse(output);
}

describe('80,000 asynchronous calls, half of them within others', () => {
  it.each(['value', 'throw', 'abort'])('leave memory level: %s', (how) => {
    const found = asyncGrowth(how);
    console.log(
      `${how}: ${found.growth.toFixed(1)} MiB more after 20,000 rounds, ${found.used.toFixed(0)} MiB in all`,
    );
    // A round that leaked but 1 KiB would leave 19 MiB.
    expect(found.growth).toBeLessThan(15);
  });
});
