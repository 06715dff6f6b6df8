import { expect, it } from 'vitest';
import { Engine, Module } from '../../lib/index.js';

/** Linkage names, and what is shown of them. */
const SHOWN: readonly (readonly [linkageName: string, shown: string])[] = [
  // C: whatever it looks like, it isn't mangled.
  ...[
    'f',
    'i',
    't',
    'a',
    'b',
    'c',
    'd',
    'e',
    'v',
    'z',
    'Ss',
    'Sa',
    'Pi',
    'PKc',
    '3add',
    'Da',
    'Dv4_f',
  ].map(same),
  ...[
    'FviE',
    'A3_i',
    'T_',
    'Oi',
    'main',
    '__wasm_call_ctors',
    'memcpy',
    '_start.command_export',
  ].map(same),
  // What begins as if it were.
  ...[
    'R',
    '_R',
    '_Z',
    '_ZN',
    'ZN3fooE',
    '_Zebra',
    '_GLOBAL__sub_I_main.cpp',
    'h1234567890abcdef',
  ].map(same),
  // C++.
  ['_Z3foov', 'foo()'],
  ['_Z4mainiPPc', 'main(int, char**)'],
  ['_ZN3foo3barEv', 'foo::bar()'],
  ['__ZN3foo3barEv', 'foo::bar()'],
  ['_ZN3foo3barEv.llvm.123', 'foo::bar() [clone .llvm.123]'],
  ['_ZN3foo3barEv.cold', 'foo::bar() [clone .cold]'],
  ['_ZNK5scene3Bvh3hitERK3Ray', 'scene::Bvh::hit(Ray const&) const'],
  ['_Znwm', 'operator new(unsigned long)'],
  ['_ZdlPvm', 'operator delete(void*, unsigned long)'],
  ['_ZplRK1AS1_', 'operator+(A const&, A const&)'],
  ['_ZN1AcvbEv', 'A::operator bool()'],
  ['_Z3fooIiEvT_', 'void foo<int>(int)'],
  ['_Z3fooIJiidEEvDpT_', 'void foo<int, int, double>(int, int, double)'],
  ['_ZSt4sortIPiEvT_S1_', 'void std::sort<int*>(int*, int*)'],
  ['_ZN12_GLOBAL__N_13fooEv', '(anonymous namespace)::foo()'],
  ['_ZZ4mainENKUlvE_clEv', 'main::{lambda()#1}::operator()() const'],
  ['_ZN1A3barEPFviE', 'A::bar(void (*)(int))'],
  ['_ZGVZ3foovE1x', 'guard variable for foo()::x'],
  ['_ZThn8_N1A1fEv', 'non-virtual thunk to A::f()'],
  ['_ZTv0_n12_N1A1fEv', 'virtual thunk to A::f()'],
  [
    '_ZNSt3__26vectorIiNS_9allocatorIiEEE9push_backB8ne190107EOi',
    'std::__2::vector<int, std::__2::allocator<int> >::push_back[abi:ne190107](int&&)',
  ],
  [
    '_ZNSt3__210__function12__value_funcIFvvEED2B8ne190107Ev',
    'std::__2::__function::__value_func<void ()>::~__value_func[abi:ne190107]()',
  ],
  // Rust, as it was mangled first and is now: without hashes.
  ['_ZN4core3fmt5write17h0123456789abcdefE', 'core::fmt::write'],
  ['_ZN4core3fmt5write17h0123456789abcdefE.llvm.77', 'core::fmt::write'],
  [
    '_ZN4core3ptr85drop_in_place$LT$std..rt..lang_start$LT$$LP$$RP$$GT$..$u7b$$u7b$closure$u7d$$u7d$$GT$17h0123456789abcdefE',
    'core::ptr::drop_in_place<std::rt::lang_start<()>::{{closure}}>',
  ],
  ['_RNvCs1234_7mycrate3foo', 'mycrate::foo'],
  ['_RINvNtC3std3mem8align_ofdE', 'std::mem::align_of::<f64>'],
  ['_RNCNvC7mycrate4main0B3_', 'mycrate::main::{closure#0}'],
  ['_RNvXs_C7mycrateNtB2_3FooNtB2_3Bar3run', '_RNvXs_C7mycrateNtB2_3FooNtB2_3Bar3run'],
  // Swift: its demanglers are of C++, and so aren't taken in.
  ...['$s4main3fooyyF', '$sSS5countSivg'].map(same),
  // Go (in the name section), Zig, AssemblyScript, Kotlin: names as they are.
  ...['main.main', 'runtime.mallocgc', 'main.__Tree_go.shape.int__.Walk'].map(same),
  ...['main.fib', 'heap.WasmAllocator.alloc', 'fmt.format__anon_1234'].map(same),
  ...['assembly/index/fib', '~lib/array/Array<i32>#push', '~lib/rt/itcms/__new'].map(same),
  ...['kotlin.text.substring', 'kotlin.Array.<init>', 'main___fun_1'].map(same),
];

function same(name: string): [string, string] {
  return [name, name];
}

function names(linkageNames: readonly string[], raw: boolean): (string | null | undefined)[] {
  const functions = linkageNames.map((name) => `(func (@name ${JSON.stringify(name)}))`);
  const module = Module.compile(new Engine(), `(module ${functions.join(' ')})`);
  const code = Module.native('m', module).code();
  return code.functionNames(Uint32Array.from(linkageNames.keys()), raw);
}

it('a function is shown by its linkage name, demangled only if it is mangled', () => {
  const linkageNames = SHOWN.map(([name]) => name);
  expect(linkageNames.length).toBeGreaterThan(60);
  expect(
    Object.fromEntries(names(linkageNames, false).map((name, i) => [linkageNames[i], name])),
  ).toEqual(Object.fromEntries(SHOWN));
});

it('all are as linkers know them with rawNames', () => {
  const linkageNames = SHOWN.map(([name]) => name);
  expect(names(linkageNames, true)).toEqual(linkageNames);
});
