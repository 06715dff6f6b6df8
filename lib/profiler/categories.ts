import { isRegExp } from 'node:util/types';
import {
  CATEGORY_COLORS,
  CATEGORY_GUEST,
  type CategoryColor,
  type CategoryIndex,
  type CategoryTable,
} from '../profile/category.js';
import { checkArray, checkKeys, checkObject, checkOneOf, checkString } from '../runtime/check.js';
import { wrongType } from '../runtime/errors.js';

/** Which functions a profile shows in which category, and so in which colour. */
export interface CategoryRule {
  /** The category's name; rules that share it share its colour too, the first one's. */
  readonly category: string;
  /** Of the category in flame graphs and tracks. */
  readonly color: CategoryColor;
  /** Fits functions by their name, as the profile shows it. */
  readonly name?: RegExp;
  /** Fits functions by their source file, as the profile shows it. Of two given both must fit. */
  readonly file?: RegExp;
}

const COLLECTOR = { category: 'Garbage collector', color: 'red' } as const;
const ALLOCATOR = { category: 'Allocator', color: 'orange' } as const;
const RUNTIME = { category: 'Language runtime', color: 'lightblue' } as const;
const LIBRARY = { category: 'Standard library', color: 'green' } as const;
const WASI = { category: 'WASI', color: 'yellow' } as const;
/** Of sources that a source map's `ignoreList` names, where no rule fits. */
const THIRD_PARTY: CategoryRule = { category: 'Third-party code', color: 'brown' };

/**
 * The rules unless others are given: the first that fits a function decides, and one that none fits is
 * the guest's own code. They go by names that the languages document or have had for years; Go's linker
 * writes `runtime.(*mheap).alloc` as `runtime.__mheap_.alloc` and `internal/abi` as `internal_abi` on WebAssembly.
 */
export const DEFAULT_CATEGORIES: readonly CategoryRule[] = [
  // Go.
  {
    ...COLLECTOR,
    name: /^runtime\.(gc(?!WriteBarrier)|bg(sweep|scavenge)|sweep|markroot|scan(block|object|stack|frame|span|conservative)|greyobject|findObject|deduct(Assist|Sweep)Credit|finishsweep|wbBuf|spanSetScans|tryDeferToSpanScan|drainSpan|(__|\(\*)(gc(?!Bits)\w*|sweep\w*|activeSweep|spanQueue|spanInlineMarkBits|spanScanOwnership|stackScanState|scav\w*)[_)])/i,
  },
  {
    ...ALLOCATOR,
    name: /^runtime\.(malloc|new(object|array|MarkBits|ArenaMayUnlock)|make(slice|chan|map)|growslice|rawstring|rawbyteslice|rawruneslice|persistentalloc|sysAlloc|profilealloc|(__|\(\*)(mcache|mcentral|mheap|mspan|pageAlloc|pageCache|pallocBits|spanSet\w*|fixalloc|linearAlloc|gcBitsArena|consistentHeapStats)[_)])/,
  },
  {
    ...WASI,
    name: /^(syscall|internal[_/]syscall[\w/]*|runtime\.(fd_|poll_|clock_|random_|proc_exit|sched_yield))\b/,
  },
  {
    ...RUNTIME,
    name: /^((runtime|(internal[_/])?runtime[_/][\w/]+|internal[_/](bytealg|abi|cpu))\.|_rt0_wasm|wasm_(pc_f_loop|export_)|(cmp|memeq)body$)/,
  },
  {
    ...LIBRARY,
    name: /^(bufio|bytes|cmp|container[_/]\w+|context|crypto[\w/]*|encoding[\w/]*|errors|fmt|hash[\w/]*|internal[_/][\w/]+|io|io[_/]\w+|iter|log[\w/]*|maps|math[\w/]*|os|os[_/]\w+|path[\w/]*|reflect|regexp[\w/]*|slices|sort|strconv|strings|sync|sync[_/][\w/]+|text[_/]\w+|time|unicode[\w/]*|unique)\./,
  },
  // AssemblyScript.
  { ...COLLECTOR, name: /^~lib\/rt\/(itcms|tcms|rtrace)\// },
  { ...ALLOCATOR, name: /^~lib\/rt\/(tlsf|stub)\// },
  { ...RUNTIME, name: /^~lib\/(rt|builtins|util\/(memory|error))\b/ },
  { ...LIBRARY, name: /^~lib\// },
  // QuickJS.
  {
    ...COLLECTOR,
    name: /^(JS_RunGC\w*|gc_(decref|scan|free)\w*|mark_children|free_zero_refcount_obj\w*)$/,
  },
  { ...ALLOCATOR, name: /^js_(def_)?(malloc|calloc|realloc|free|strdup)\w*$/ },
  { ...RUNTIME, name: /^(JS_[A-Z]\w*|__JS_\w+|js_[a-z]+_\w+|lre_\w+)$/ },
  // C, C++ and Rust.
  {
    ...ALLOCATOR,
    name: /^(((dl|__libc_|aligned_|mi_)?(malloc|calloc|realloc|free|alloc|memalign)|posix_memalign|internal_memalign|prepend_alloc|dispose_chunk|try_realloc_chunk|tmalloc_(small|large)|sbrk|__rust(c::__rust)?_(alloc|dealloc|realloc)\w*|__r[dg]l_\w+)$|operator (new|delete)(\[\])?\(|dlmalloc::|alloc::alloc::)/,
  },
  { ...WASI, name: /^(__wasi_|__wasilibc_|__imported_wasi_|wasi(p1|_snapshot_preview1|::))/ },
  { ...WASI, file: /(^|\/)libc-bottom-half\// },
  { ...LIBRARY, file: /(^|\/)libc-top-half\// },
  {
    ...LIBRARY,
    name: /^(mem(cpy|move|set|cmp|r?chr|mem|ccpy)|__mem(cpy|set)\w*|str(n?len|n?cmp|n?cpy|n?cat|r?chr|str|tok\w*|to\w+|n?casecmp|dup|c?spn)|v?[fs]?n?printf|printf_core|fmt_[fuxo]p?|pad|qsort(_r)?|smoothsort|bsearch|f?(read|write|puts|gets|open|close|flush|putc|seek)|__(f\w+|stdio_\w+|towrite|overflow)|_start|__main_void|_Exit|exit)$/,
  },
  {
    ...RUNTIME,
    name: /^(__cxa_|__cxxabiv1::|__gxx_|_Unwind_|__rust_(start_panic|begin_unwind)|rust_(panic|begin_unwind))/,
  },
  { ...LIBRARY, name: /^([\w:<>*& ]+ )?(std::|__gnu_cxx::)/ },
  { ...LIBRARY, name: /^<?(core|alloc|std|hashbrown|compiler_builtins)::/ },
];

/** @internal TypeError for what is no list of rules. */
export function checkCategories(what: string, rules: unknown): readonly CategoryRule[] {
  if (rules === DEFAULT_CATEGORIES) return DEFAULT_CATEGORIES;
  return checkArray(what, rules).map((given, i): CategoryRule => {
    const at = `${what}[${i}]`;
    const rule = checkObject(at, given) as unknown as CategoryRule;
    checkKeys(at, rule, ['category', 'color', 'name', 'file']);
    checkString(`${at}.category`, rule.category);
    checkOneOf(`${at}.color`, rule.color, CATEGORY_COLORS);
    for (const key of ['name', 'file'] as const) {
      const pattern = rule[key];
      if (pattern !== undefined && !isRegExp(pattern)) {
        throw wrongType(`${at}.${key}`, 'a RegExp', pattern);
      }
    }
    return rule;
  });
}

/** Finds the category of each function, and adds those that are needed to a profile. */
export class Categorizer {
  readonly #rules: readonly CategoryRule[];
  readonly #table: CategoryTable;

  constructor(table: CategoryTable, rules: readonly CategoryRule[]) {
    this.#table = table;
    this.#rules = rules;
  }

  categoryOf(name: string, file: string | undefined, isThirdParty: boolean): CategoryIndex {
    const fitting = this.#rules.find((rule) => fits(rule, name, file));
    const rule = fitting ?? (isThirdParty ? THIRD_PARTY : undefined);
    return rule === undefined ? CATEGORY_GUEST : this.#table.intern(rule.category, rule.color);
  }
}

function fits(rule: CategoryRule, name: string, file: string | undefined): boolean {
  if (rule.name === undefined && rule.file === undefined) return true;
  if (rule.name !== undefined && name.search(rule.name) < 0) return false;
  return rule.file === undefined || (file !== undefined && file.search(rule.file) >= 0);
}
