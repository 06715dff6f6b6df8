import { cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runNode } from './runtime/support.js';

it('a second copy of the library over one addon is refused, though not in another thread', () => {
  // Beside `dist`, where it finds the same addon.
  const copy = new URL(`../dist-${process.pid}/`, import.meta.url);
  cpSync(new URL('../dist/', import.meta.url), copy, { recursive: true });
  try {
    const output = runNode(`
      import { Worker } from 'node:worker_threads';
      import { Engine, Linker, Module, Store, Trap } from 'LIB';
      const second = ${JSON.stringify(new URL('index.js', copy).href)};
      await import(second).catch(({ name, code }) => console.log(name, code));

      const run = ({ Engine, Linker, Module, Store, Trap }) => {
        const engine = new Engine();
        const module = Module.compile(engine,
          '(module (func (export "f") (param i64) (result i64) (i64.div_s (i64.const 84) (local.get 0))))');
        const store = new Store(engine);
        const f = new Linker(engine).instantiate(store, module).getFunc(store, 'f');
        try { f.call(store, 0n); } catch (error) { return [error instanceof Trap, f.call(store, 2n)]; }
      };
      console.log(run({ Engine, Linker, Module, Store, Trap }));
      const source = 'import(' + JSON.stringify(second) + ').then((lib) => console.log((' + run + ')(lib)))';
      const worker = new Worker(source, { eval: true });
      await new Promise((resolve) => worker.once('exit', resolve));`);
    expect(output).toBe('TypeError ERR_LOADED_TWICE\n[ true, 42n ]\n[ true, 42n ]\n');
  } finally {
    rmSync(fileURLToPath(copy), { recursive: true });
  }
});
