import { describe, expect, it } from 'vitest';
import { CATEGORY_GUEST, CategoryTable } from '../../lib/profile/category.js';
import { FrameTable, NO_ADDRESS } from '../../lib/profile/frame-table.js';
import { FuncTable } from '../../lib/profile/func-table.js';
import { LibTable, NO_LIB } from '../../lib/profile/lib-table.js';
import { HOSTCALL_SCHEMA, MarkerSchemaTable } from '../../lib/profile/marker-schema.js';
import { NativeSymbolTable, UNKNOWN_SIZE } from '../../lib/profile/native-symbol-table.js';
import { SourceTable } from '../../lib/profile/source-table.js';
import { StringTable } from '../../lib/profile/string-table.js';

describe('StringTable', () => {
  it('holds each string once, in the order of its first use', () => {
    const strings = new StringTable();
    expect(['b', 'a', 'b', '', '__proto__', 'a'].map((text) => strings.intern(text))).toEqual([
      0, 1, 0, 2, 3, 1,
    ]);
    expect([...strings]).toEqual(['b', 'a', '', '__proto__']);
    expect(strings.get(1)).toBe('a');
    expect(() => strings.get(4)).toThrow('expected a string index below 4, got 4');
  });
});

describe('LibTable', () => {
  it('fills what a guest module has not with neutral values, and keeps namesakes apart', () => {
    const libs = new LibTable();
    expect([libs.add({ name: 'a' }), libs.add({ name: 'a' })]).toEqual([0, 1]);
    expect(libs.get(1)).toEqual({
      name: 'a',
      debugName: '',
      path: '',
      debugPath: '',
      breakpadId: '',
      codeId: null,
      arch: '',
    });
  });
});

describe('CategoryTable', () => {
  it('starts with a grey one, as readers demand, and puts Other first in each', () => {
    const categories = new CategoryTable();
    expect(categories.get(0)).toEqual({ name: 'Other', color: 'grey', subcategories: ['Other'] });
    const index = categories.add('WASI', 'orange', ['files']);
    expect(categories.get(index).subcategories).toEqual(['Other', 'files']);
  });
});

describe('FuncTable', () => {
  it('tells funcs apart by every field', () => {
    const funcs = new FuncTable();
    const variants = [
      { name: 0 },
      { name: 1 },
      { name: 0, resource: 0 },
      { name: 0, source: 0 },
      { name: 0, line: 1 },
      { name: 0, column: 1 },
    ];
    const indexes = variants.map((func) => funcs.intern(func));
    expect(indexes).toEqual([0, 1, 2, 3, 4, 5]);
    expect(variants.map((func) => funcs.intern(func))).toEqual(indexes);
  });

  it('adds a twin when told to', () => {
    const funcs = new FuncTable();
    expect([funcs.add({ name: 0 }), funcs.add({ name: 0 })]).toEqual([0, 1]);
    expect(funcs.intern({ name: 0 })).toBe(0);
  });
});

describe('FrameTable', () => {
  it('tells frames apart by every field', () => {
    const frames = new FrameTable();
    const variants = [
      { func: 0 },
      { func: 1 },
      { func: 0, address: 5 },
      { func: 0, lib: 0 },
      { func: 0, inlineDepth: 1 },
      { func: 0, nativeSymbol: 0 },
      { func: 0, line: 1 },
      { func: 0, column: 1 },
      { func: 0, category: 0 },
      { func: 0, subcategory: 1 },
    ];
    const indexes = variants.map((frame) => frames.intern(frame));
    expect(indexes).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(variants.map((frame) => frames.intern(frame))).toEqual(indexes);
    expect([frames.address.get(0), frames.lib.get(0)]).toEqual([NO_ADDRESS, NO_LIB]);
    expect(frames.category.get(0)).toBe(CATEGORY_GUEST);
  });

  it('finds every frame again among many', () => {
    const frames = new FrameTable();
    for (let address = 0; address < 20_000; address++) {
      expect(frames.intern({ func: address % 7, lib: 0, address })).toBe(address);
    }
    for (let address = 0; address < 20_000; address++) {
      expect(frames.intern({ func: address % 7, lib: 0, address })).toBe(address);
    }
  });

  it('holds addresses beyond 2 GiB, and depths beyond a byte at its end', () => {
    const frames = new FrameTable();
    expect(frames.address.get(frames.intern({ func: 0, address: 0xffff_ffff }))).toBe(0xffff_ffff);
    const deep = frames.intern({ func: 0, inlineDepth: 300 });
    expect(frames.inlineDepth.get(deep)).toBe(255);
    expect(frames.intern({ func: 0, inlineDepth: 299 })).toBe(deep);
  });
});

describe('NativeSymbolTable', () => {
  it('has one symbol for each library and address', () => {
    const symbols = new NativeSymbolTable();
    expect([
      symbols.intern(0, 16, 0, 8),
      symbols.intern(1, 16, 0),
      symbols.intern(0, 16, 0),
    ]).toEqual([0, 1, 0]);
    expect([...symbols.functionSize.view()]).toEqual([8, UNKNOWN_SIZE]);
  });
});

describe('SourceTable', () => {
  it('has one source for each file, with text if given', () => {
    const sources = new SourceTable();
    expect([sources.intern(4), sources.intern(2), sources.intern(4)]).toEqual([0, 1, 0]);
    sources.setContent(1, 'int x;');
    expect([sources.content(0), sources.content(1)]).toEqual([undefined, 'int x;']);
    expect(() => sources.setContent(2, '')).toThrow(RangeError);
  });
});

describe('MarkerSchemaTable', () => {
  it('refuses two schemas of one name', () => {
    const schemas = new MarkerSchemaTable();
    expect([schemas.intern(HOSTCALL_SCHEMA), schemas.intern(HOSTCALL_SCHEMA)]).toEqual([0, 0]);
    expect(() => schemas.intern({ ...HOSTCALL_SCHEMA })).toThrow(TypeError);
  });
});
