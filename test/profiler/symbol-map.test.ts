import { describe, expect, it } from 'vitest';
import { Engine, Module } from '../../lib/index.js';
import { parseSymbolMap } from '../../lib/profiler/symbol-map.js';
import { guestPath } from '../runtime/support.js';
import { profileGuest } from './symbols-support.js';

describe('a symbol map', () => {
  it('has names by index', () => {
    const text = '0:env.abort\n1:main\r\n\n12:a::b(int, c:d)\nx:y\n-1:z\n 3:w\n4:\n7:ä\n7:last';
    expect([...parseSymbolMap(text)]).toEqual([
      [0, 'env.abort'],
      [1, 'main'],
      [12, 'a::b(int, c:d)'],
      [7, 'last'],
    ]);
  });

  it('has the bytes that Binaryen escapes', () => {
    const text = '0:std::vector\\3cint\\2c\\20a\\3E\n1:\\c3\\a4\\zz\n2:\\5c';
    expect([...parseSymbolMap(text).values()]).toEqual(['std::vector<int, a>', 'ä\\zz', '\\']);
  });
});

describe('names of a stripped module', () => {
  const guest = 'c/parser-stripped.wasm';
  const whole = profileGuest('c/parser-names.wasm');
  const alone = profileGuest(guest);

  /** As `--emit-symbol-map` would write them. */
  function symbolMap(): Buffer {
    const module = Module.fromFile(new Engine(), guestPath('c/parser-names.wasm'));
    const code = Module.native('module', module).code();
    const { index } = code.functions();
    const names = code.functionNames(index, true);
    return Buffer.from(names.map((name, i) => `${index[i]}:${name}`).join('\n'));
  }

  it('come from a symbol map', async () => {
    const named = await profileGuest(guest, { symbolMap: symbolMap() });
    expect(named.stacks).toEqual((await whole).stacks);
    expect(named.warnings).toEqual([]);
  });

  it.each([{}, { lines: false }])('come from another binary, with %j', async (options) => {
    const debugInfo = guestPath('c/parser-names.wasm');
    const named = await profileGuest(guest, { debugInfo }, options);
    expect(named.stacks).toEqual((await whole).stacks);
  });

  it('come from no binary of another number of functions', async () => {
    const debugInfo = guestPath('c/inlining-none.wasm');
    const other = await profileGuest(guest, { debugInfo }, { lines: false });
    expect(other.stacks).toEqual((await alone).stacks);
  });

  it('are demangled, and come before those of the module', async () => {
    const lines = Array.from({ length: 1000 }, (_, i) => `${i}:_ZN3app4workE${'di'[i % 2]}`);
    const symbolMap = Buffer.from(lines.join('\n'));
    const names = async (rawNames: boolean) => {
      const { stacks } = await profileGuest('c/parser-names.wasm', { symbolMap }, { rawNames });
      return [...new Set(stacks.flat())].sort();
    };
    expect(await names(false)).toEqual(['app::work(double)', 'app::work(int)']);
    expect(await names(true)).toEqual(['_ZN3app4workEd', '_ZN3app4workEi']);
  });

  it.each([
    [Buffer.from('a:_main\nb:_free'), 'symbolMap: no line is of the form index:name'],
    [Buffer.alloc(0), 'symbolMap: no line is of the form index:name'],
    [guestPath('none.symbols'), 'symbolMap: ENOENT'],
  ])('are missed in a warning: %s', async (symbolMap, warning) => {
    const named = await profileGuest(guest, { symbolMap });
    expect(named.stacks).toEqual((await alone).stacks);
    expect(named.warnings).toContain(`guest: ${warning}`);
  });
});
