import { describe, expect, it } from 'vitest';
import { runNode } from './support.js';

/** 100,000 of everything; memory is compared between the second tenth and the end, in MiB. */
function growth(how: string): { growth: number; rss: number } {
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
    const rss = async () => {
      for (let i = 0; i < 5; i++) { gc(); await turn(); }
      return process.memoryUsage.rss() / 2 ** 20;
    };
    let before = 0;
    for (let i = 1; i <= 100_000; i++) {
      round();
      if (i % 100 === 0) await turn();
      if ('${how}' === 'collector' && i % 500 === 0) gc();
      if (i === 20_000) before = await rss();
    }
    const after = await rss();
    console.log(JSON.stringify({ growth: after - before, rss: after }));`,
    { flags: ['--expose-gc'] },
  );
  return JSON.parse(output);
}

describe('100,000 stores with an instance, a func and an externref each', () => {
  it.each(['dispose', 'using', 'collector'])('leave memory level: %s', (how) => {
    const found = growth(how);
    console.log(
      `${how}: ${found.growth.toFixed(1)} MiB more after 80,000 rounds, ${found.rss.toFixed(0)} MiB in all`,
    );
    // A round that leaked but 1 KiB would leave 78 MiB.
    expect(found.growth).toBeLessThan(40);
  });
});
