/** The compiler in WebAssembly beside the addon: the same code, places and instructions, for this machine. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { EngineOptions } from '../../lib/cli/command-module.js';
import { compileForAll } from '../../lib/cli/compile-for-all.js';
import { compileHere } from '../../lib/cli/compile-here.js';
import { type CompiledCode, loadCompiler } from '../../lib/compiler.js';
import { native } from '../../lib/native.js';

const GUESTS = fileURLToPath(new URL('../guests/', import.meta.url));

const GUEST_FILES = [
  'assemblyscript/plotter.wasm',
  'c/parser.wasm',
  'c/parser-stripped.wasm',
  'c/endings.wasm',
  'component/endings.wasm',
  'component/parser.wasm',
  'cpp/raytracer.wasm',
  'go/pipeline.wasm',
  'wat/host-calls.wat',
  'wat/indirect.wat',
  'wat/recursion.wat',
  'wat/simd.wat',
  'wat/tail-calls.wat',
  'wat/unnamed.wat',
];

/** All that is told of some code: of a hundred of its functions, where it has more. */
function facts(codes: readonly CompiledCode[]) {
  return codes.map((code) => {
    const { offset, length, index } = code.functions();
    const places: number[] = [];
    const step = Math.ceil(offset.length / 100);
    for (let row = 0; row < offset.length; row += step) {
      const start = offset[row] as number;
      const { textOffset, wasmOffset } = code.addressMap(start, start + (length[row] as number));
      places.push(...textOffset, ...wasmOffset);
    }
    const text = code.disassemble(Float64Array.from(new Set(places.slice(-200)).values()).sort());
    return {
      number: code.number,
      name: code.name,
      sha256: code.sha256,
      hasBinary: code.hasBinary,
      functions: { offset, length, index },
      places: Float64Array.from(places),
      everyOffset: code.wasmOffsets(
        Uint32Array.from({ length: 5000 }, (_, i) => (offset[0] as number) + i),
      ),
      text,
    };
  });
}

/** What of the compilations for each kind of machine has the addon's functions. */
async function likeHere(
  path: string,
  options: EngineOptions,
  here: readonly CompiledCode[],
): Promise<CompiledCode[] | undefined> {
  const layout = (codes: readonly CompiledCode[]) => codes.map((code) => code.functions());
  const expected = layout(here);
  for await (const codes of compileForAll(path, [options])) {
    const found = layout(codes);
    const isSame = found.every(({ offset, length }, i) => {
      const other = expected[i];
      return (
        other !== undefined &&
        Buffer.compare(bytes(offset), bytes(other.offset)) === 0 &&
        Buffer.compare(bytes(length), bytes(other.length)) === 0
      );
    });
    if (isSame && found.length === expected.length) return codes;
  }
  return undefined;
}

const bytes = ({ buffer, byteOffset, byteLength }: Uint32Array) =>
  Buffer.from(buffer, byteOffset, byteLength);

it('is the version of Wasmtime that the addon is', () => {
  expect(loadCompiler().wasmtimeVersion()).toBe(native.wasmtimeVersion());
});

describe.each([
  { fuel: false, epochs: false },
  { fuel: true, epochs: false },
  { fuel: false, epochs: true },
])('%j', (options) => {
  it.each(GUEST_FILES)('%s is compiled to the code of the addon', async (name) => {
    const path = join(GUESTS, name);
    let here: readonly CompiledCode[] = [];
    for await (const codes of compileHere(path, [options])) here = codes;
    expect(here.length).toBeGreaterThan(0);
    const found = await likeHere(path, options, here);
    expect(found).toBeDefined();
    expect(facts(found ?? [])).toEqual(facts(here));
  });
});

it('compiles for ARM what is other code', () => {
  const bytes = readFileSync(join(GUESTS, 'c/parser.wasm'));
  const { compile } = loadCompiler();
  const [x64] = compile({ target: 'x86_64-unknown-linux-gnu', flags: [] }, bytes);
  const [arm64] = compile({ target: 'aarch64-unknown-linux-gnu', flags: [] }, bytes);
  expect(arm64?.functions().index).toEqual(x64?.functions().index);
  expect(arm64?.functions().length).not.toEqual(x64?.functions().length);
});

describe('refuses', () => {
  const { compile } = loadCompiler();
  const target = 'x86_64-unknown-linux-gnu';
  const module = Buffer.from('(module)');

  it.each([
    [{ target: 'no-such-machine', flags: [] }, 'InvalidArg'],
    [{ target, flags: ['has_no_such_thing'] }, 'InvalidArg'],
    [{ target: 'riscv64gc-unknown-linux-gnu', flags: [] }, 'InvalidArg'],
  ])('the configuration %j', (config, code) => {
    expect(() => compile(config, module)).toThrow(expect.objectContaining({ code }));
    expect(compile({ target, flags: [] }, module)).toHaveLength(1);
  });

  it.each(['', 'no module', '(module (func $f (result i32)))', '\0asm\x01\0\0\0\x01'])(
    'the module %j',
    (text) => {
      expect(() => compile({ target, flags: [] }, Buffer.from(text))).toThrow(Error);
      expect(compile({ target, flags: [] }, module)).toHaveLength(1);
    },
  );

  it('damaged modules, and goes on', () => {
    const whole = readFileSync(join(GUESTS, 'c/parser-names.wasm'));
    let refused = 0;
    for (let i = 1; i <= 40; i++) {
      const bytes = Buffer.from(whole);
      const at = Math.floor((i * whole.length) / 41);
      bytes[at] = 0xff ^ (bytes[at] as number);
      try {
        compile({ target, flags: [] }, bytes);
      } catch (error) {
        expect((error as { code?: string }).code).toBe('GenericFailure');
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(10);
    expect(compile({ target, flags: [] }, whole)).toHaveLength(1);
  });
});
