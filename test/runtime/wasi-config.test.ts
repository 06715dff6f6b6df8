import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  Engine,
  Linker,
  Module,
  Store,
  Trap,
  WasiConfig,
  WasiExit,
  type WasiOptions,
  WasmtimeError,
} from '../../lib/index.js';
import {
  type CapturedRun,
  expectError,
  expectMisuse,
  guestPath,
  runCaptured,
  runNode,
  thrownBy,
} from './support.js';

const engine = new Engine();
const linker = new Linker(engine).addWasi();
const endings = Module.fromFile(engine, guestPath('c/endings.wasm'));
const parser = Module.fromFile(engine, guestPath('c/parser-stripped.wasm'));
const directory = mkdtempSync(join(tmpdir(), 'wasi-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

function run(module: Module, options: WasiOptions): CapturedRun {
  const store = new Store(engine);
  store.setWasi(new WasiConfig({ stdout: 'capture', stderr: 'capture', ...options }));
  return runCaptured(store, () =>
    linker.instantiate(store, module).getFunc(store, '_start').call(store),
  );
}

function mode(...args: string[]): string[] {
  return ['endings', ...args];
}

describe('arguments and environment', () => {
  it('none by default', () => {
    expect(run(endings, {})).toEqual({ error: undefined, stdout: '', stderr: '' });
    expect(run(endings, { args: mode('env') }).stdout).toBe('');
  });

  it.each([[['endings']], [['endings', 'args', '', ' a b ', '--x=1', '☃', '"quoted"']]])(
    '%j',
    (args) => {
      const expected = args.map((arg, i) => `${i}: ${arg}\n`).join('');
      expect(run(endings, { args }).stdout).toBe(expected);
    },
  );

  it('variables, and none of the process', () => {
    const env = {
      A: '1',
      EMPTY: '',
      UNICODE: 'ä☃',
      WITH_EQUALS: 'a=b',
      __proto__x: 'p',
      NONE: undefined,
    };
    expect(run(endings, { args: mode('env'), env }).stdout).toBe(
      'A=1\nEMPTY=\nUNICODE=ä☃\nWITH_EQUALS=a=b\n__proto__x=p\n',
    );
  });

  it.each([
    { args: ['a\0b'] },
    { env: { 'A\0': 'b' } },
    { env: { A: 'b\0' } },
    { stdin: { file: '\0' } },
    { stdout: { file: 'a\0' } },
    { preopens: [{ host: '\0', guest: '/' }] },
    { preopens: [{ host: '/', guest: '\0' }] },
  ] satisfies WasiOptions[])('with NUL are refused: %j', (options) => {
    const error = expectMisuse('ERR_INVALID_ARG_VALUE', () => new WasiConfig(options));
    expect(error.message).toContain('without NUL characters');
  });
});

describe('options of a wrong type', () => {
  it.each([
    ['args', ['x', 1, {}, [1], [null], [undefined]]],
    ['env', ['x', 1, { A: 1 }, { A: null }]],
    ['stdin', ['x', 1, [], {}, { file: 1 }, 'capture', { capture: {} }, new ArrayBuffer(1)]],
    ['stdout', ['x', 1, [], {}, { file: 1 }, { capture: 1 }, { capture: {} }, new Uint8Array(1)]],
    ['stderr', ['x', 1, { capture: { limit: '1' } }]],
    [
      'preopens',
      [
        'x',
        {},
        [1],
        ['/'],
        [{ host: '/' }],
        [{ guest: '/' }],
        [{ host: '/', guest: 1 }],
        [{ host: '/', guest: '/', readOnly: 1 }],
      ],
    ],
  ])('%s', (name, values) => {
    for (const value of values) {
      const error = expectMisuse('ERR_INVALID_ARG_TYPE', () => new WasiConfig({ [name]: value }));
      expect(error.message).toContain(`options.${name}`);
    }
  });

  it('limits out of range', () => {
    for (const limit of [-1, 0.5, Number.NaN]) {
      expectError(
        RangeError,
        'ERR_OUT_OF_RANGE',
        () => new WasiConfig({ stdout: { capture: { limit } } }),
      );
    }
  });
});

describe('stdin', () => {
  const HELLO = 'endings stdin length=6 sum=b73a0178\n';

  it('bytes', () => {
    const bytes = Buffer.from('hello\n');
    expect(run(endings, { args: mode('stdin'), stdin: bytes }).stdout).toBe(HELLO);
    const view = Buffer.from('xhello\nx').subarray(1, 7);
    expect(run(endings, { args: mode('stdin'), stdin: view }).stdout).toBe(HELLO);
  });

  it('bytes are those of when the store was given them', () => {
    const store = new Store(engine);
    const stdin = Uint8Array.from(Buffer.from('hello\n'));
    store.setWasi(new WasiConfig({ args: mode('stdin'), stdin, stdout: 'capture' }));
    stdin.fill(0);
    linker.instantiate(store, endings).getFunc(store, '_start').call(store);
    expect(Buffer.from(store.wasiOutput('stdout') as Uint8Array).toString()).toBe(HELLO);
  });

  it('a file', () => {
    const file = join(directory, 'stdin ☃');
    writeFileSync(file, 'hello\n');
    expect(run(endings, { args: mode('stdin'), stdin: { file } }).stdout).toBe(HELLO);
  });

  it('a large file, in pieces', () => {
    const file = join(directory, 'large');
    writeFileSync(file, Buffer.alloc(300_000, 'x'));
    expect(run(endings, { args: mode('stdin'), stdin: { file } }).stdout).toMatch(
      /^endings stdin length=300000 /,
    );
  });

  it.each([[undefined], ['null' as const], [new Uint8Array(0)]])('nothing: %j', (stdin) => {
    const options = stdin === undefined ? {} : { stdin };
    expect(run(endings, { args: mode('stdin'), ...options }).stdout).toMatch(/ length=0 /);
  });
});

describe('stdout and stderr', () => {
  const STDERR = 'endings stderr steps=3142\n';

  it('captured, each on its own', () => {
    expect(run(endings, { args: mode('stderr', '1') })).toEqual({
      error: undefined,
      stdout: '',
      stderr: STDERR,
    });
  });

  it('to files, which are emptied first', () => {
    const [out, err] = [join(directory, 'out'), join(directory, 'err')];
    writeFileSync(out, 'old content, longer than what comes now');
    const streams = { stdout: { file: out }, stderr: { file: err } };
    const first = run(endings, { args: mode('return', '0'), ...streams });
    expect(first).toEqual({ error: undefined, stdout: undefined, stderr: undefined });
    expect(readFileSync(out, 'utf8')).toBe('endings return steps=9426000\n');
    run(endings, { args: mode('stderr', '1'), ...streams });
    expect(readFileSync(out, 'utf8')).toBe('');
    expect(readFileSync(err, 'utf8')).toBe(STDERR);
  });

  it('nowhere, the default', () => {
    const store = new Store(engine);
    expect(store.wasiOutput('stdout')).toBeUndefined();
    store.setWasi(new WasiConfig({ args: ['a'] }));
    linker.instantiate(store, endings).getFunc(store, '_start').call(store);
    expect(store.wasiOutput('stdout')).toBeUndefined();
    expect(store.wasiOutput('stderr')).toBeUndefined();
  });

  it('a capture may be read while and after the guest writes, and is a copy', () => {
    const store = new Store(engine);
    store.setWasi(new WasiConfig({ args: ['abc'], stdout: 'capture' }));
    const seen: number[] = [];
    store.callHook((store, kind) => {
      if (kind === 'ReturningFromHost') seen.push(store.wasiOutput('stdout')?.length ?? -1);
    });
    linker.instantiate(store, endings).getFunc(store, '_start').call(store);
    expect(seen[0]).toBe(0);
    expect(seen.at(-1)).toBe('0: abc\n'.length);
    store.wasiOutput('stdout')?.fill(0);
    expect(Buffer.from(store.wasiOutput('stdout') as Uint8Array).toString()).toBe('0: abc\n');
  });

  it('a capture up to its limit', () => {
    const text = '0: 12345\n';
    const limited = (limit: number) =>
      run(endings, { args: ['12345'], stdout: { capture: { limit } } });
    // The program doesn't look whether it could write.
    for (const limit of [0, 1, text.length - 1, text.length, text.length + 1, 1e9]) {
      expect(limited(limit)).toMatchObject({ error: undefined, stdout: text.slice(0, limit) });
    }
  });

  it('inherited: those of the process, in order', () => {
    const printed = runNode(
      `import { Engine, Linker, Module, Store, WasiConfig } from 'LIB';
      const engine = new Engine();
      const store = new Store(engine);
      store.setWasi(new WasiConfig({
        args: ['endings', 'chatter', '3'], stdin: 'inherit', stdout: 'inherit', stderr: 'inherit' }));
      const module = Module.fromFile(engine, ${JSON.stringify(guestPath('c/endings.wasm'))});
      new Linker(engine).addWasi().instantiate(store, module).getFunc(store, '_start').call(store);
      console.log('after');`,
    );
    expect(printed).toBe('line 0 3142\nline 1 3142\nline 2 3142\nafter\n');
  });
});

describe('directories', () => {
  const TEXT = '{"words": ["one", "two", "three"]}\n';

  function folder(name: string): string {
    const path = join(directory, name);
    mkdirSync(path);
    writeFileSync(join(path, 'in.json'), TEXT);
    return path;
  }

  /** A guest that creates a file in its first preopened directory; returns WASI's errno. */
  const CREATE = Module.compile(
    engine,
    `(module
      (import "wasi_snapshot_preview1" "path_open" (func $open
        (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "new.txt")
      (func (export "create") (result i32)
        (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 7) (i32.const 1)
          (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 16)))
      (data (i32.const 32) "in.json")
      (func (export "read") (result i32)
        (call $open (i32.const 3) (i32.const 0) (i32.const 32) (i32.const 7) (i32.const 0)
          (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 16)))
      (data (i32.const 64) "../secret")
      (func (export "escape") (result i32)
        (call $open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 9) (i32.const 0)
          (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 16))))`,
  );

  function errno(name: 'create' | 'read' | 'escape', options: WasiOptions): number {
    const store = new Store(engine);
    store.setWasi(new WasiConfig(options));
    return linker.instantiate(store, CREATE).getFunc(store, name).call(store);
  }

  const NO_PREOPEN = 8;
  const ROFS_OR_PERM = [63, 69, 2, 76];

  it('none by default', () => {
    expect(errno('read', {})).toBe(NO_PREOPEN);
  });

  it('that may be written', () => {
    const host = folder('writable');
    expect(errno('read', { preopens: [{ host, guest: '/' }] })).toBe(0);
    expect(errno('create', { preopens: [{ host, guest: '/', readOnly: false }] })).toBe(0);
    expect(readFileSync(join(host, 'new.txt'), 'utf8')).toBe('');
  });

  it('that may be read only', () => {
    const host = folder('readable');
    const options = { preopens: [{ host, guest: '/', readOnly: true }] };
    expect(errno('read', options)).toBe(0);
    expect(ROFS_OR_PERM).toContain(errno('create', options));
    expect(() => readFileSync(join(host, 'new.txt'))).toThrow('ENOENT');
  });

  it('do not lead out of themselves', () => {
    const host = folder('inside');
    writeFileSync(join(directory, 'secret'), 'secret');
    expect(ROFS_OR_PERM).toContain(errno('escape', { preopens: [{ host, guest: '/' }] }));
  });

  it('a real program writes and reads in one', () => {
    const host = folder('parser');
    const args = ['parser', '5', '/data/file.json'];
    const { error, stdout } = run(parser, { args, preopens: [{ host, guest: '/data' }] });
    expect(error).toBeUndefined();
    expect(stdout).toMatch(/^parser rounds=5 .* checksum=864b7f19\n$/);
    expect(readFileSync(join(host, 'file.json')).length).toBeGreaterThan(0);
  });
});

describe('what cannot be opened', () => {
  const absent = join(directory, 'absent', 'file');
  it.each<[string, WasiOptions]>([
    ['stdin', { stdin: { file: absent } }],
    ['stdout', { stdout: { file: absent } }],
    ['stderr', { stderr: { file: directory } }],
    ['directory', { preopens: [{ host: absent, guest: '/' }] }],
  ])('%s: the store is as before', (what, options) => {
    const store = new Store(engine);
    store.setWasi(new WasiConfig({ args: ['before'], stdout: 'capture' }));
    const error = expectError(WasmtimeError, 'ERR_WASI_CONFIG', () =>
      store.setWasi(new WasiConfig(options)),
    );
    expect(error.message).toMatch(new RegExp(`^${what}.*\n\nCaused by:\n .*os error`, 's'));
    linker.instantiate(store, endings).getFunc(store, '_start').call(store);
    expect(Buffer.from(store.wasiOutput('stdout') as Uint8Array).toString()).toBe('0: before\n');
  });
});

describe('endings', () => {
  it.each([
    [['return', '0'], undefined],
    [['return'], 3],
    [['return', '125'], 125],
    [['exit'], 7],
    [['exit', '0'], 0],
    [['exit-deep'], 9],
    [['no-such-mode'], 2],
  ])('%j', (args, exitCode) => {
    const { error } = run(endings, { args: mode(...args) });
    if (exitCode === undefined) {
      expect(error).toBeUndefined();
      return;
    }
    expect(error).toBeInstanceOf(WasiExit);
    expect(error).toBeInstanceOf(WasmtimeError);
    const exit = error as WasiExit;
    expect({ ...exit, frames: [] }).toEqual({
      name: 'WasiExit',
      code: 'ERR_WASI_EXIT',
      exitCode,
      frames: [],
    });
    expect(exit.message).toContain(`Exited with i32 exit status ${exitCode}`);
    expect(exit.frames.length).toBeGreaterThan(0);
  });

  it.each([
    ['trap', 'UnreachableCodeReached'],
    ['abort', 'UnreachableCodeReached'],
    ['out-of-bounds', 'MemoryOutOfBounds'],
    ['divide', 'IntegerDivisionByZero'],
    ['overflow', 'IntegerOverflow'],
    ['null-call', 'IndirectCallToNull'],
    ['bad-signature', 'BadSignature'],
    ['stack-overflow', 'StackOverflow'],
    ['c-stack-overflow', 'MemoryOutOfBounds'],
  ])('%s', (name, trapCode) => {
    const { error, stdout } = run(endings, { args: mode(name, '1') });
    expect(error).toBeInstanceOf(Trap);
    expect((error as Trap).trapCode).toBe(trapCode);
    // What it wrote before is there.
    expect(stdout).toBe(`endings ${name} steps=3142\n`);
  });

  it('a status that WASI refuses is an error: from 126 on', () => {
    const { error } = run(endings, { args: mode('return', '126') });
    expect(error).toMatchObject({ name: 'WasmtimeError', code: 'ERR_WASMTIME' });
    expect((error as Error).message).toMatch(
      /exit with invalid exit status outside of \[0\.\.126\)$/,
    );
  });

  it('frames know file and line where the module has DWARF', () => {
    const detailed = new Engine({ wasmBacktraceDetails: true });
    const store = new Store(detailed);
    store.setWasi(new WasiConfig({ args: mode('trap', '1') }));
    const module = Module.fromFile(detailed, guestPath('c/endings.wasm'));
    const instance = new Linker(detailed).addWasi().instantiate(store, module);
    const { frames } = thrownBy(() => instance.getFunc(store, '_start').call(store)) as Trap;
    expect(frames[0]?.funcName).toBe('end_trap');
    expect(frames[0]?.symbols[0]).toMatchObject({
      name: 'end_trap',
      file: expect.stringMatching(/endings\.c$/),
      line: 73,
    });
  });

  it('a store may run once more after an exit', () => {
    const store = new Store(engine);
    store.setWasi(new WasiConfig({ args: mode('exit', '4') }));
    for (let i = 0; i < 2; i++) {
      const start = linker.instantiate(store, endings).getFunc(store, '_start');
      expect(thrownBy(() => start.call(store))).toMatchObject({ exitCode: 4 });
    }
  });
});
