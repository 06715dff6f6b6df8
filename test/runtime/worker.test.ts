import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { Engine, Linker, Module, type SharedModule, Store } from '../../lib/index.js';
import { collectUntil, expectMisuse, runNode, thrownBy } from './support.js';

/** Workers run the built library; what is shared lies in the addon, of which a process has one. */
const built = JSON.stringify(new URL('../../dist/index.js', import.meta.url).href);

/** Runs `script` in a Worker, with the library as `lib`; resolves to what it returns. */
function inWorker(script: string, workerData: unknown): Promise<unknown> {
  const source = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(${built}).then(async (lib) => {
      parentPort.postMessage(await (async () => { ${script} })());
    });`;
  const worker = new Worker(source, { eval: true, workerData });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

const ADD = `(module (func (export "f") (param i32) (result i32)
  (i32.add (local.get 0) (i32.const 1))))`;

describe('a module that is shared', () => {
  it('runs in Workers at once', async () => {
    const module = Module.compile(new Engine(), ADD);
    const token = module.share();
    expect(structuredClone(token)).toEqual(token);
    const run = `
      const module = lib.Module.fromShared(workerData);
      const store = new lib.Store(module.engine);
      const instance = new lib.Linker(module.engine).instantiate(store, module);
      return instance.getFunc(store, 'f').call(store, 41);`;
    expect(await Promise.all([1, 2, 3].map(() => inWorker(run, token)))).toEqual([42, 42, 42]);
    expect(module.share()).toEqual(token);
  });

  it('has the same engine in the thread that it came from', () => {
    const engine = new Engine();
    const module = Module.compile(engine, ADD);
    expect(Engine.fromShared(engine.share())).toBe(engine);
    const taken = Module.fromShared(module.share());
    expect(taken.engine).toBe(engine);
    const store = new Store(engine);
    const instance = new Linker(engine).instantiate(store, taken);
    expect(instance.getFunc(store, 'f').call(store, 1)).toBe(2);
  });

  it('has one engine in the thread that it goes to', async () => {
    const engine = new Engine({ consumeFuel: true });
    const modules = [ADD, ADD].map((wat) => Module.compile(engine, wat));
    const run = `
      const [a, b] = workerData.map((token) => lib.Module.fromShared(token));
      return a !== b && a.engine === b.engine;`;
    expect(
      await inWorker(
        run,
        modules.map((module) => module.share()),
      ),
    ).toBe(true);
  });

  it('is gone with the object that was shared', async () => {
    const token = (() => Module.compile(new Engine(), ADD).share())();
    const gone = () => {
      try {
        Module.fromShared(token);
        return false;
      } catch {
        return true;
      }
    };
    expect(await collectUntil(gone)).toBe(true);
    expectMisuse('ERR_NOT_SHARED', () => Module.fromShared(token));
  });

  it('stays when the thread that shared it ends, for those who have it', async () => {
    const shared = new Promise<Module>((resolve, reject) => {
      const source = `
        const { parentPort } = require('node:worker_threads');
        import(${built}).then((lib) => {
          const module = lib.Module.compile(new lib.Engine(), ${JSON.stringify(ADD)});
          parentPort.postMessage(module.share());
          parentPort.once('message', () => process.exit(module.share().sharedModule * 0));
        });`;
      const worker = new Worker(source, { eval: true });
      worker.once('error', reject);
      worker.once('message', (token: SharedModule) => {
        const module = Module.fromShared(token);
        worker.once('exit', () => resolve(module));
        worker.postMessage('end');
      });
    });
    const module = await shared;
    const store = new Store(module.engine);
    const instance = new Linker(module.engine).instantiate(store, module);
    expect(instance.getFunc(store, 'f').call(store, 1)).toBe(2);
    expect(thrownBy(() => Module.fromShared({ ...module.share(), sharedModule: 0 }))).toMatchObject(
      {
        code: 'ERR_NOT_SHARED',
      },
    );
  });

  it('refuses what is no token', () => {
    expectMisuse('ERR_INVALID_ARG_TYPE', () => Module.fromShared(null as never));
    expectMisuse('ERR_INVALID_ARG_TYPE', () => Engine.fromShared({} as never));
    expectMisuse('ERR_NOT_SHARED', () => Engine.fromShared({ sharedEngine: 0 }));
  });
});

it('the epoch of an engine is one for all threads', async () => {
  const engine = new Engine({ epochInterruption: true });
  const module = Module.compile(engine, '(module (func (export "spin") (loop (br 0))))');
  const spin = inWorker(
    `const module = lib.Module.fromShared(workerData);
     const store = new lib.Store(module.engine);
     store.setEpochDeadline(1);
     const instance = new lib.Linker(module.engine).instantiate(store, module);
     try { instance.getFunc(store, 'spin').call(store); } catch (error) { return error.trapCode; }`,
    module.share(),
  );
  const timer = setInterval(() => engine.incrementEpoch(), 1);
  expect(await spin).toBe('Interrupt');
  clearInterval(timer);
});

it('each Worker profiles its own guest of the same module', async () => {
  const engine = new Engine({ epochInterruption: true });
  const module = Module.compile(
    engine,
    `(module (import "env" "sample" (func $sample)) (func $inner (call $sample))
      (func $work (export "work") (param i32)
        (loop $l (call $inner) (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
          (br_if $l (local.get 0)))))`,
  );
  const profile = `
    const module = lib.Module.fromShared(workerData.token);
    const store = new lib.Store(module.engine);
    store.setEpochDeadline(1);
    const profiler = new lib.GuestProfiler('work', 1, [['work', module]]);
    const linker = new lib.Linker(module.engine);
    linker.funcWrap('env', 'sample', { params: [], results: [] }, (caller) => {
      profiler.sample(caller, 0);
    });
    linker.instantiate(store, module).getFunc(store, 'work').call(store, workerData.samples);
    return new TextDecoder().decode(await profiler.finish());`;
  const counts = [100, 250];
  const token = module.share();
  const texts = await Promise.all(counts.map((samples) => inWorker(profile, { token, samples })));
  for (const [i, text] of texts.entries()) {
    const { threads, shared } = JSON.parse(text as string);
    expect(threads[0].samples.length).toBe(counts[i]);
    expect(shared.stringArray).toEqual(expect.arrayContaining(['work', 'inner']));
  }
  // A token that was used is good as long as this one lives.
  expect(module.imports).toHaveLength(1);
});

it('Workers come and go, and the process stays sound', () => {
  const output = runNode(`
    import { Worker } from 'node:worker_threads';
    import { Engine, Module } from 'LIB';
    const module = Module.compile(new Engine(), '(module (func (export "f")))');
    const source = \`const { workerData } = require('node:worker_threads');
      import(workerData.lib).then((lib) => {
        const module = lib.Module.fromShared(workerData.token);
        const store = new lib.Store(module.engine);
        new lib.Linker(module.engine).instantiate(store, module).getFunc(store, 'f').call(store);
      });\`;
    for (let i = 0; i < 5; i++) {
      const workerData = { lib: 'LIB', token: module.share() };
      const worker = new Worker(source, { eval: true, execArgv: [], workerData });
      await new Promise((resolve) => worker.once('exit', resolve));
    }
    console.log('sound');`);
  expect(output).toBe('sound\n');
});

it('a recorder of the user’s ticks sees none of those that watch for the Worker’s end', async () => {
  const run = `
    const engine = new lib.Engine({ epochInterruption: true });
    const module = lib.Module.compile(engine, \`(module
      (import "h" "tick" (func $tick))
      (func (export "spin") (param i32) (loop $l
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if $l (local.get 0))))
      (func (export "ticks") (call $tick) (loop) (call $tick) (loop) (call $tick) (loop)))\`);
    const store = new lib.Store(engine);
    store.setEpochDeadline(1e9);
    const linker = new lib.Linker(engine);
    linker.funcWrap('h', 'tick', { params: [], results: [] }, () => engine.incrementEpoch());
    const profiler = new lib.GuestProfiler('p', 1, [['m', module]]);
    const instance = linker.instantiate(store, module);
    profiler.attach(store, { everyEpoch: true });
    const end = performance.now() + 150;
    while (performance.now() < end) instance.getFunc(store, 'spin').call(store, 50_000_000);
    instance.getFunc(store, 'ticks').call(store);
    return profiler.finishProfile().samples;`;
  expect(await inWorker(run, undefined)).toBe(3);
});
