import { describe, expect, it } from 'vitest';
import {
  DEFAULT_CATEGORIES,
  Engine,
  GuestProfiler,
  Linker,
  Module,
  type ProfilerOptions,
  Store,
  WasiConfig,
  WasiExit,
} from '../../lib/index.js';
import { native } from '../../lib/native.js';
import { CategoryTable } from '../../lib/profile/category.js';
import { Categorizer } from '../../lib/profiler/categories.js';
import { Store as StoreClass } from '../../lib/runtime/store.js';
import { assertProfileIntegrity } from '../support/profile-integrity.js';

// biome-ignore lint/suspicious/noExplicitAny: parsed JSON.
type Json = any;

const GUESTS = new URL('../guests/', import.meta.url);

/** The categories of the functions that a program ran, each of its epoch checks sampled. */
async function categoriesOf(
  guest: string,
  args: readonly string[],
  options: ProfilerOptions = {},
): Promise<{ of: ReadonlyMap<string, string>; json: Json }> {
  const engine = new Engine({ epochInterruption: true });
  const module = Module.fromFile(engine, new URL(guest, GUESTS));
  const store = new Store(engine);
  store.setWasi(new WasiConfig({ args: ['guest', ...args], stdout: 'capture' }));
  const instance = new Linker(engine).addWasi().instantiate(store, module);
  const profiler = new GuestProfiler('guest', 1, [['guest', module]], options);
  profiler.attach(store, { sampler: 'epoch', intervalMs: 1000 });
  native.benchPeer(StoreClass.native(store), 'nothing', true);
  try {
    instance.getFunc(store, '_start').call(store);
  } catch (error) {
    if (!(error instanceof WasiExit)) throw error;
  }
  const json: Json = JSON.parse(Buffer.from(await profiler.finish()).toString());
  assertProfileIntegrity(json);
  const { frameTable, funcTable, stringArray } = json.shared;
  const of = new Map<string, string>();
  for (let frame = 0; frame < frameTable.length; frame++) {
    const name = stringArray[funcTable.name[frameTable.func[frame]]];
    of.set(name, json.meta.categories[frameTable.category[frame]].name);
  }
  return { of, json };
}

describe('the default rules', () => {
  it.each([
    ['runtime.mallocgc', 'Allocator'],
    ['runtime.__mheap_.alloc', 'Allocator'],
    ['runtime.gcDrain', 'Garbage collector'],
    ['runtime.__sweepLocked_.sweep', 'Garbage collector'],
    ['runtime.schedule', 'Language runtime'],
    ['internal_runtime_maps.newTable', 'Language runtime'],
    ['strings.Fields', 'Standard library'],
    ['syscall.Write', 'WASI'],
    ['main.work', 'Guest'],
    ['main.malloc', 'Guest'],
    ['~lib/rt/itcms/__collect', 'Garbage collector'],
    ['~lib/rt/tlsf/allocateBlock', 'Allocator'],
    ['~lib/string/String#concat', 'Standard library'],
    ['assembly/plotter/plot', 'Guest'],
    ['JS_RunGC', 'Garbage collector'],
    ['js_malloc', 'Allocator'],
    ['JS_CallInternal', 'Language runtime'],
    ['json_parse', 'Guest'],
    ['dlmalloc', 'Allocator'],
    ['free', 'Allocator'],
    ['free_tree', 'Guest'],
    ['operator new(unsigned long)', 'Allocator'],
    ['__wasi_fd_write', 'WASI'],
    ['memcpy', 'Standard library'],
    ['std::__2::vector<int>::push_back(int&&)', 'Standard library'],
    ['void std::__2::sort<int*>(int*, int*)', 'Standard library'],
    ['scene::Bvh::descend(std::__2::optional<int>&)', 'Guest'],
    ['core::fmt::write', 'Standard library'],
    ['<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop', 'Standard library'],
    ['<app::Tree as core::ops::drop::Drop>::drop', 'Guest'],
    ['<std::fs::File as std::io::Read>::read', 'Standard library'],
    ['__rust_alloc', 'Allocator'],
    ['', 'Guest'],
  ])('show %s as %s', (name, category) => {
    const table = new CategoryTable();
    const index = new Categorizer(table, DEFAULT_CATEGORIES).categoryOf(name, undefined, false);
    expect(table.get(index).name).toBe(category);
  });

  it('tell the parts of a Go program apart', async () => {
    const { of, json } = await categoriesOf('go/pipeline.wasm', ['2']);
    expect(of.get('main.work')).toBe('Guest');
    expect(of.get('runtime.mallocgc')).toBe('Allocator');
    expect(of.get('runtime.schedule')).toBe('Language runtime');
    const names: string[] = json.meta.categories.map(({ name }: { name: string }) => name);
    expect(new Set(names).size).toBe(names.length);
    // Whatever is neither the program's nor a library's is the runtime's.
    const guest = [...of].filter(([, category]) => category === 'Guest').map(([name]) => name);
    expect(guest.filter((name) => !name.startsWith('main.'))).toEqual([]);
  });

  it('tell the parts of a C program apart, libc by its files', async () => {
    const { of } = await categoriesOf('c/parser.wasm', ['1']);
    expect(of.get('parse_value')).toBe('Guest');
    expect(of.get('dlmalloc') ?? of.get('malloc')).toBe('Allocator');
    expect(of.get('memcmp')).toBe('Standard library');
  });
});

describe('rules of the user', () => {
  it('take the place of the others, the first that fits', async () => {
    const { of } = await categoriesOf('c/parser.wasm', ['1'], {
      categories: [
        { category: 'Parser', color: 'blue', name: /^(parse|json)_/, file: /^json\.c$/ },
        { category: 'Rest', color: 'brown' },
      ],
    });
    expect(of.get('parse_value')).toBe('Parser');
    expect(of.get('memcmp')).toBe('Rest');
  });

  it('may be none', async () => {
    const { of } = await categoriesOf('c/parser.wasm', ['1'], { categories: [] });
    expect(new Set(of.values())).toEqual(new Set(['Guest']));
  });

  it.each([
    [{}],
    [[1]],
    [[{ category: 'a', color: 'pink' }]],
    [[{ category: 1, color: 'red' }]],
    [[{ category: 'a', color: 'red', name: 'a' }]],
    [[{ category: 'a', color: 'red', names: /a/ }]],
  ])('are checked: %j', (categories) => {
    const options = { categories } as unknown as ProfilerOptions;
    expect(() => new GuestProfiler('p', 1, [], options)).toThrow(TypeError);
  });
});
