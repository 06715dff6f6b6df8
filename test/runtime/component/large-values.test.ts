// Lists as large as memory, and larger: an error, and no end of the process.
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { Component, ComponentLinker, Engine, Store } from '../../../lib/index.js';
import { runNode, thrownBy } from '../support.js';

/** Takes a list that it never reads, of up to 62 MiB. */
const WAT = `(component
  (core module $m
    (memory (export "memory") 1024)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 65536))
    (func (export "length") (param i32 i32) (result i32) (local.get 1)))
  (core instance $i (instantiate $m))
  (func (export "bytes") (param "x" (list u8)) (result u32)
    (canon lift (core func $i "length") (memory (core memory $i "memory"))
      (realloc (core func $i "realloc")))))`;

it('a list of more elements than fit is refused', () => {
  const engine = new Engine();
  const store = new Store(engine);
  const instance = new ComponentLinker(engine).instantiate(store, Component.compile(engine, WAT));
  const bytes = instance.getFunc(store, 'bytes');
  const error = thrownBy(() => bytes.call(store, new Uint8Array(40_000_000)));
  expect(error).toMatchObject({
    code: 'ERR_VALUES_TOO_LARGE',
    message: expect.stringMatching(
      /^the lists of a call have 40000000 elements and more: \d+ at most/,
    ),
  });
  expect(bytes.call(store, new Uint8Array(100_000))).toBe(100_000);
});

it.skipIf(!hasPrlimit())('values that there is no memory for are refused', () => {
  const output = runNode(`
    import { execFileSync } from 'node:child_process';
    import { readFileSync } from 'node:fs';
    import { Component, ComponentLinker, Engine, Store } from 'LIB';
    const engine = new Engine();
    const store = new Store(engine);
    const component = Component.compile(engine, ${JSON.stringify(WAT)});
    const instance = new ComponentLinker(engine).instantiate(store, component);
    const bytes = instance.getFunc(store, 'bytes');
    const list = new Uint8Array(20_000_000);
    const used = Number(/VmSize:\\s+(\\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
    const limit = (used + (300 << 10)) * 1024;
    execFileSync('prlimit', ['--pid', String(process.pid), '--as=' + limit]);
    const outcomes = [() => bytes.call(store, list), () => bytes.call(store, new Uint8Array(1000))];
    for (const call of outcomes) {
      try {
        console.log(call());
      } catch (error) {
        console.log(error.code, error.message);
      }
    }`);
  expect(output).toBe('ERR_VALUES_TOO_LARGE there is no memory for the values of a call\n1000\n');
});

function hasPrlimit(): boolean {
  try {
    execFileSync('prlimit', ['--version']);
    return process.platform === 'linux';
  } catch {
    return false;
  }
}
