// Lists as large as memory, and larger: no more memory than they need, or an error, and no end of the process.
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { Component, ComponentLinker, Engine, Store } from '../../../lib/index.js';
import { runNode } from '../support.js';
import { echo, startComponent } from './support.js';

/** Takes a list that it never reads, and gives one of as many zeros, of up to 190 MiB. */
const WAT = `(component
  (core module $m
    (memory (export "memory") 3072)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 65536))
    (func (export "length") (param i32 i32) (result i32) (local.get 1))
    (func (export "zeros") (param i32) (result i32)
      (i32.store (i32.const 8) (i32.const 65536))
      (i32.store (i32.const 12) (local.get 0))
      (i32.const 8)))
  (core instance $i (instantiate $m))
  (func (export "bytes") (param "x" (list u8)) (result u32)
    (canon lift (core func $i "length") (memory (core memory $i "memory"))
      (realloc (core func $i "realloc"))))
  (func (export "zeros") (param "n" u32) (result (list u8))
    (canon lift (core func $i "zeros") (memory (core memory $i "memory")))))`;

const START = `
  import { execFileSync } from 'node:child_process';
  import { readFileSync } from 'node:fs';
  import { Component, ComponentLinker, Engine, Store } from 'LIB';
  const engine = new Engine();
  const store = new Store(engine);
  const component = Component.compile(engine, ${JSON.stringify(WAT)});
  const instance = new ComponentLinker(engine).instantiate(store, component);
  const bytes = instance.getFunc(store, 'bytes');
  const zeros = instance.getFunc(store, 'zeros');`;

it('a long list takes no more than three times its bytes', () => {
  const output = runNode(`${START}
    const list = new Uint8Array(100_000_000).fill(1);
    const before = process.resourceUsage().maxRSS;
    console.log(bytes.call(store, list));
    const there = process.resourceUsage().maxRSS;
    console.log(zeros.call(store, list.length).length);
    const back = process.resourceUsage().maxRSS;
    console.log(there - before < 200_000_000 / 1024, back - there < 230_000_000 / 1024);`);
  expect(output).toBe('100000000\n100000000\ntrue true\n');
});

it('lists and output that a program takes without giving the event loop a turn do not stay', () => {
  // Node-API frees memory of its users only there. All of it would be 2 GB.
  const output =
    runNode(`${START.replace('{ Component,', '{ Linker, Module, WasiConfig, Component,')}
    const before = process.memoryUsage.rss();
    let total = 0;
    for (let i = 0; i < 1000; i++) total += zeros.call(store, 1_000_000).length;
    for (let i = 0; i < 200; i++) total += zeros.call(store, 2_500_000).length;
    const printer = Module.compile(engine, \`(module
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 2)
      (func (export "print") (param $n i32)
        (i32.store (i32.const 0) (i32.const 16))
        (i32.store (i32.const 4) (i32.const 100000))
        (loop $next
          (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
          (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))\`);
    store.setWasi(new WasiConfig({ stdout: (chunk) => { total += chunk.length; } }));
    const printing = new Linker(engine).addWasi().instantiate(store, printer);
    printing.getFunc(store, 'print').call(store, 5000);
    const more = process.memoryUsage.rss() - before;
    console.log(total, more < 500e6 ? 'level' : more);`);
  expect(output).toBe('2000000000 level\n');
});

it('texts of all lengths cross whole, with calls of others between', () => {
  const wat = echo('', '(tuple string string (list u8))', Array<string>(6).fill('i32'));
  // On either side of where another way to copy them begins.
  const lengths = [0, 1, 63, 64, 65, 1023, 1024, 4096, 4097, 16_000, 70_000, 1 << 20, 2 << 20];
  const values = lengths.flatMap((length, i) =>
    ['a', 'é', '漢', '😀'].map((letter) => [
      letter.repeat(length),
      `${letter}${i}`,
      new Uint8Array(length).fill(i),
    ]),
  );
  // What tells of a difference takes minutes where texts are long.
  const expectSame = (found: unknown[], value: unknown[]) => {
    const [text, label, list] = found;
    expect([text === value[0], label]).toEqual([true, value[1]]);
    expect(Buffer.compare(list as Uint8Array, value[2] as Uint8Array)).toBe(0);
  };
  let next = 0;
  const other = startComponent(wat, { host: (_store, value) => value });
  const guest = startComponent(wat, {
    host: (_store, value) => {
      const another = values[next++ % values.length];
      expectSame(other.call('echo', another), another as unknown[]);
      return value;
    },
  });
  for (const value of values.toReversed()) expectSame(guest.call('echo', value), value);
});

it('a guest gives no more than Wasmtime lets it', () => {
  const engine = new Engine();
  const store = new Store(engine);
  const instance = new ComponentLinker(engine).instantiate(store, Component.compile(engine, WAT));
  expect(() => instance.getFunc(store, 'zeros').call(store, 2 ** 27 + 1)).toThrow(
    'too much data is being copied between the host and the guest',
  );
});

it.skipIf(!hasPrlimit())('values that there is no memory for are refused', () => {
  // A call that fails while its results are read leaves its instance in the middle of it.
  const output = runNode(`${START}
    const other = new ComponentLinker(engine).instantiate(store, component).getFunc(store, 'zeros');
    const used = Number(/VmSize:\\s+(\\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
    // Less than the values take, and enough for Node's own threads.
    const limit = (used + (100 << 10)) * 1024;
    execFileSync('prlimit', ['--pid', String(process.pid), '--as=' + limit]);
    for (const [func, count] of [[zeros, 120_000_000], [other, 1000]]) {
      try {
        console.log(func.call(store, count).length);
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
