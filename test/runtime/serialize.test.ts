import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import {
  Component,
  ComponentLinker,
  Engine,
  Linker,
  Module,
  Store,
  WasmtimeError,
} from '../../lib/index.js';
import { expectError, expectMisuse } from './support.js';

const WAT = '(module (func (export "f") (result i32) (i32.const 42)))';

function answer(module: Module): unknown {
  const store = new Store(module.engine);
  return new Linker(module.engine).instantiate(store, module).getFunc(store, 'f').call(store);
}

test('a serialized module runs in another engine of the same configuration', () => {
  const bytes = Module.compile(new Engine(), WAT).serialize();
  expect(Engine.detectPrecompiled(bytes)).toBe('module');
  expect(answer(Module.deserialize(new Engine(), bytes))).toBe(42);

  const file = path.join(mkdtempSync(path.join(tmpdir(), 'wasmtime-module-')), 'm.cwasm');
  writeFileSync(file, bytes);
  expect(answer(Module.deserializeFile(new Engine(), file))).toBe(42);
});

test('a precompiled module is the same', () => {
  const engine = new Engine();
  expect(answer(Module.deserialize(engine, engine.precompileModule(WAT)))).toBe(42);
  expectError(WasmtimeError, 'ERR_INVALID_MODULE', () => engine.precompileModule('(module'));
});

test('a precompiled component is the same as a serialized one', () => {
  const engine = new Engine();
  const text = `(component
    (core module $m (func (export "f") (result i32) (i32.const 42)))
    (core instance $i (instantiate $m))
    (func (export "f") (result u32) (canon lift (core func $i "f"))))`;
  const bytes = engine.precompileComponent(text);
  expect(Engine.detectPrecompiled(bytes)).toBe('component');
  const component = Component.deserialize(engine, bytes);
  const store = new Store(engine);
  const instance = new ComponentLinker(engine).instantiate(store, component);
  expect(instance.getFunc(store, 'f').call(store)).toBe(42);
  for (const invalid of ['(component', WAT, new Uint8Array(3)]) {
    expectError(WasmtimeError, 'ERR_INVALID_COMPONENT', () => engine.precompileComponent(invalid));
  }
  expectMisuse('ERR_INVALID_ARG_TYPE', () => engine.precompileComponent(1 as never));
});

test('an engine refuses what another configuration has made', () => {
  const bytes = Module.compile(new Engine(), WAT).serialize();
  const other = new Engine({ epochInterruption: true });
  const { message } = expectError(WasmtimeError, 'ERR_INCOMPATIBLE_MODULE', () =>
    Module.deserialize(other, bytes),
  );
  expect(message).toMatch(/epoch interruption/);
  expect(other.precompileCompatibilityHash).not.toBe(new Engine().precompileCompatibilityHash);
  expect(new Engine().precompileCompatibilityHash).toBe(new Engine().precompileCompatibilityHash);
});

test('code for another machine is made here and refused here', () => {
  const bytes = new Engine({ target: 'pulley64' }).precompileModule(WAT);
  expect(Engine.detectPrecompiled(bytes)).toBe('module');
  expectError(WasmtimeError, 'ERR_INCOMPATIBLE_MODULE', () =>
    Module.deserialize(new Engine(), bytes),
  );
});

test('bytes that nobody compiled', () => {
  const engine = new Engine();
  const wasm = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  expect(Engine.detectPrecompiled(wasm)).toBeUndefined();
  expectError(WasmtimeError, 'ERR_INCOMPATIBLE_MODULE', () => Module.deserialize(engine, wasm));
  expectError(WasmtimeError, 'ERR_INCOMPATIBLE_MODULE', () =>
    Module.deserializeFile(engine, '/no/such/file'),
  );
  expectMisuse('ERR_INVALID_ARG_TYPE', () => Module.deserialize(engine, 'text' as never));
});

test('validate checks a binary without compiling it', () => {
  const engine = new Engine();
  Module.validate(engine, new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
  const bad = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 1]);
  expectError(WasmtimeError, 'ERR_INVALID_MODULE', () => Module.validate(engine, bad));
});
