// Several copies of the library in one thread, as test runners and bundlers make them.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runNode } from './runtime/support.js';

/** Beside `dist`, where it finds the same addon. */
const copy = new URL(`../dist-${process.pid}/`, import.meta.url);
beforeAll(() => cpSync(new URL('../dist/', import.meta.url), copy, { recursive: true }));
afterAll(() => rmSync(fileURLToPath(copy), { recursive: true }));

const TWO = `
  import * as one from 'LIB';
  const two = await import(${JSON.stringify(new URL('index.js', copy).href)});
  const run = ({ Engine, Linker, Module, Store, Trap }) => {
    const engine = new Engine();
    const module = Module.compile(engine,
      '(module (func (export "f") (param i64) (result i64) (i64.div_s (i64.const 84) (local.get 0))))');
    const store = new Store(engine);
    const f = new Linker(engine).instantiate(store, module).getFunc(store, 'f');
    try { f.call(store, 0n); } catch (error) { return [error instanceof Trap, f.call(store, 2n)]; }
  };`;

it('a second copy of the library works beside the first, in other threads too', () => {
  const output = runNode(`${TWO}
    import { Worker } from 'node:worker_threads';
    console.log(one.Engine === two.Engine, run(one), run(two), run(one));
    const source = 'import(' + JSON.stringify(${JSON.stringify(new URL('index.js', copy).href)})
      + ').then((lib) => console.log((' + run + ')(lib)))';
    const worker = new Worker(source, { eval: true });
    await new Promise((resolve) => worker.once('exit', resolve));`);
  expect(output).toBe('false [ true, 42n ] [ true, 42n ] [ true, 42n ]\n[ true, 42n ]\n');
});

it('errors of one copy are known by the other, and its objects are refused with a sentence', () => {
  const output = runNode(`${TWO}
    const engine = new one.Engine();
    try { one.Module.compile(engine, 'x'); } catch (error) {
      console.log(error instanceof one.WasmtimeError, error instanceof two.WasmtimeError,
        error instanceof one.Trap, error instanceof two.ComponentError, error instanceof TypeError);
    }
    class Mine extends one.WasmtimeError {}
    console.log(new two.WasmtimeError('a', 'b') instanceof Mine, new Mine('a', 'b') instanceof two.WasmtimeError,
      {} instanceof one.Trap, null instanceof one.Trap, new two.ComponentError(1) instanceof one.ComponentError);
    for (const lib of [one, two]) {
      try { new lib.Store(lib === one ? new two.Engine() : engine); }
      catch (error) { console.log(error.name, error.code, error.message); }
    }
    // An exception of a store is of the store's copy, whichever makes the errors.
    for (const lib of [one, two]) {
      const engine = new lib.Engine();
      const store = new lib.Store(engine);
      const module = lib.Module.compile(engine, '(module (tag (param i32)) (func (export "f") (throw 0 (i32.const 7))))');
      const f = new lib.Linker(engine).instantiate(store, module).getFunc(store, 'f');
      try { f.call(store); } catch (error) { console.log(error.exception instanceof lib.ExnRef, error.exception.fields(store)); }
    }`);
  const refused =
    'TypeError ERR_LOADED_TWICE engine: expected an Engine, got the Engine of another copy of ' +
    'wasmtime-guest-profiler, which is loaded more than once in this thread: import one only, or hand it over with ' +
    'share and fromShared\n';
  expect(output).toBe(
    'true true false false false\nfalse true false false true\n' +
      refused.repeat(2) +
      'true [ 7 ]\ntrue [ 7 ]\n',
  );
});

it('asynchronous calls of both copies go on, and what is shared crosses', () => {
  const output = runNode(`${TWO}
    const wait = async ({ Engine, Linker, Module, Store }) => {
      const engine = new Engine({ epochInterruption: true });
      const store = new Store(engine);
      store.setEpochDeadline(1e6);
      const linker = new Linker(engine).funcWrapAsync('h', 'f', { params: [], results: ['i32'] },
        async () => { await new Promise((resolve) => setTimeout(resolve, 5)); return 7; });
      const module = Module.compile(engine, '(module (import "h" "f" (func $f (result i32))) (func (export "g") (result i32) (call $f)))');
      const instance = await linker.instantiateAsync(store, module);
      return await instance.getFunc(store, 'g').callAsync(store);
    };
    console.log(JSON.stringify(await Promise.all([one, two, one, two].map(wait))));
    const engine = new one.Engine();
    const module = two.Module.fromShared(one.Module.compile(engine, '(module (func (export "f")))').share());
    console.log(module instanceof two.Module, module.exports.map(({ name }) => name).join());`);
  expect(output).toBe('[7,7,7,7]\ntrue f\n');
});

it('the same binary under another name is loaded once', () => {
  const directory = mkdtempSync(join(tmpdir(), 'copy-'));
  try {
    const root = fileURLToPath(new URL('..', import.meta.url));
    // As an installer that links files does.
    const link = (from: string, to: string) =>
      `mkdirSync(dirname(${JSON.stringify(to)}), { recursive: true }); linkOrCopy(${JSON.stringify(from)}, ${JSON.stringify(to)});`;
    const file = 'build/Release/wasmtime_guest_profiler.node';
    const output = runNode(`
      import { copyFileSync, cpSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
      import { dirname } from 'node:path';
      const linkOrCopy = (from, to) => { try { linkSync(from, to); } catch { copyFileSync(from, to); } };
      ${link(join(root, file), join(directory, 'package', file))}
      cpSync(${JSON.stringify(join(root, 'dist'))}, ${JSON.stringify(join(directory, 'package/dist'))}, { recursive: true });
      cpSync(${JSON.stringify(join(root, 'package.json'))}, ${JSON.stringify(join(directory, 'package/package.json'))});
      symlinkSync(${JSON.stringify(join(root, 'node_modules'))}, ${JSON.stringify(join(directory, 'package/node_modules'))});
      const one = await import('LIB');
      const two = await import(${JSON.stringify(`file://${directory}/package/dist/index.js`)});
      for (const lib of [one, two, one]) {
        const engine = new lib.Engine();
        const store = new lib.Store(engine);
        const module = lib.Module.compile(engine, '(module (func $f (export "f") (result funcref) (ref.func $f)))');
        const f = new lib.Linker(engine).instantiate(store, module).getFunc(store, 'f');
        console.log(f.call(store) instanceof lib.Func);
      }`);
    expect(output).toBe('true\ntrue\ntrue\n');
  } finally {
    rmSync(directory, { recursive: true });
  }
});

it('classes and functions have their own names in the bundle', () => {
  const output = runNode(`
    import * as lib from 'LIB';
    for (const [name, value] of Object.entries(lib)) {
      if (typeof value === 'function' && value.name !== name) console.log(name, value.name);
    }
    console.log(Object.keys(lib).length > 30, lib.Trap.name);`);
  expect(output).toBe('true Trap\n');
});
