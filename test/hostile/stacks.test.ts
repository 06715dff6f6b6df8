// Guests that use up the stack, from each depth that JavaScript may have reached: a trap, or JavaScript's own
// RangeError, and no crash.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Config, Engine, Linker, Module, Store, Trap } from '../../lib/index.js';
import { runNode, thrownBy } from '../runtime/support.js';

const CHILD = fileURLToPath(new URL('stack-child.mjs', import.meta.url));
const DEEP_CHILD = fileURLToPath(new URL('deep-child.mjs', import.meta.url));
const LIB = new URL('../../dist/index.js', import.meta.url).href;

/** How often each attempt had which outcome. */
type Seen = Record<string, Record<string, number>>;

function dive(
  where: 'main' | 'worker',
  config: Config,
  limit: string,
  options: readonly string[],
): Seen {
  const command = `${limit} exec "$@"`;
  const args = [process.execPath, ...options, CHILD, LIB, where, JSON.stringify(config)];
  return JSON.parse(execFileSync('bash', ['-c', command, 'bash', ...args], { encoding: 'utf8' }));
}

describe.skipIf(process.platform === 'win32')('a guest that recurses at each depth', () => {
  it.each([
    ['in a Worker', 'worker', {}, ''],
    ['in a Worker that may use more than there is', 'worker', { maxWasmStack: 16 << 20 }, ''],
    ['in a Worker, in Pulley', 'worker', { target: 'pulley64' }, ''],
    ['on a small main stack', 'main', {}, 'ulimit -s 1024;'],
    ['on a main stack', 'main', {}, ''],
    ['on a main stack that is used up', 'main', { maxWasmStack: 16 << 20 }, ''],
    ['on a main stack that is JavaScript’s', 'main', {}, '', ['--stack-size=6000']],
    ['on a main stack that is hardly JavaScript’s', 'main', {}, '', ['--stack-size=300']],
    ['with little address space', 'main', {}, 'ulimit -v 40000000;'],
  ] as const)('%s', (_, where, config, limit, options: readonly string[] = []) => {
    const seen = dive(where, config, limit, options);
    expect(Object.keys(seen)).toHaveLength(8);
    for (const outcomes of Object.values(seen)) {
      const others = Object.keys(outcomes).filter(
        (outcome) => !['ok', 'StackOverflow', 'RangeError'].includes(outcome),
      );
      expect(others).toEqual([]);
    }
    expect(Object.keys(seen['call'] ?? {})).toContain('StackOverflow');
    expect(seen['compile']).toHaveProperty('ok');
    expect(seen['profile']).toHaveProperty('ok');
  });
});

describe('maxWasmStack beyond the thread’s', () => {
  it('is what a guest may use', () => {
    const engine = new Engine({ maxWasmStack: 1 << 29 });
    const module = Module.compile(engine, '(module (func $f (export "f") (call $f)))');
    const store = new Store(engine);
    const f = new Linker(engine).instantiate(store, module).getFunc(store, 'f');
    const trap = thrownBy(() => f.call(store)) as Trap;
    expect(trap).toBeInstanceOf(Trap);
    expect(trap.trapCode).toBe('StackOverflow');
    expect(trap.frames).toHaveLength(20);
  });

  // Node 24 ends the process where garbage is collected below the end of JavaScript's stack.
  it.each(['main', 'worker'])('lets JavaScript be called from all of it: %s', (where) => {
    const args = [DEEP_CHILD, LIB, where];
    expect(JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))).toEqual({
      deep: '1',
      deepCalls: 80_001,
      nested: '1',
      traps: Array.from({ length: 4 }, () => 'StackOverflow'),
      over: 'StackOverflow',
      samples: true,
    });
  });

  it('needs as much and more of an asynchronous call’s', () => {
    const sizes = { maxWasmStack: 1 << 20, asyncStackSize: (1 << 20) + 4096 };
    expect(thrownBy(() => new Engine(sizes))).toMatchObject({ code: 'ERR_ENGINE_CONFIG' });
    expect(
      runNode(`import { Engine, Linker, Module, Store } from 'LIB';
        const engine = new Engine({ maxWasmStack: 1 << 20, asyncStackSize: (1 << 20) + (256 << 10) });
        const linker = new Linker(engine);
        linker.funcWrapAsync('h', 'f', { params: [], results: [] }, async () => {});
        const module = Module.compile(engine, '(module (import "h" "f" (func $h)) ' +
          '(func $f (export "f") (call $f) (call $h)))');
        const store = new Store(engine);
        const instance = await linker.instantiateAsync(store, module);
        const error = await instance.getFunc(store, 'f').callAsync(store).catch((error) => error);
        console.log(error.trapCode);`),
    ).toBe('StackOverflow\n');
  });
});
