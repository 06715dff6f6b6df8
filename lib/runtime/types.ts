import type { NativeExternType } from '../generated/native.js';
import { native } from '../native.js';
import { checkArray, checkBoolean, checkInteger, checkObject, checkOneOf } from './check.js';
import { outOfRange } from './errors.js';

/** The value types that cross between JavaScript and WebAssembly, by their text format's names. */
export const VAL_TYPES = [
  'i32',
  'i64',
  'f32',
  'f64',
  'v128',
  'funcref',
  'externref',
  'anyref',
  'eqref',
  'i31ref',
  'structref',
  'arrayref',
  'exnref',
  'nullref',
  'nullfuncref',
  'nullexternref',
  'nullexnref',
] as const;

/** @internal Those that a table can hold. */
export const REF_TYPES = VAL_TYPES.slice(5) as RefType[];

/** Mirrors `wasmtime::ValType`. */
export type ValType = (typeof VAL_TYPES)[number];

/** By their own names, as other strings may have them too. */
const BY_NAME: ReadonlyMap<string, ValType> = new Map(VAL_TYPES.map((type) => [type, type]));

/**
 * @internal A value type that native code names, or a program: V8 compares strings of source text by their addresses, others
 * letter by letter, which takes longer than all else that a call does with a type.
 */
export function asValType(name: string): ValType {
  return BY_NAME.get(name) ?? (name as ValType);
}

/** Mirrors `wasmtime::RefType`. */
export type RefType = Exclude<ValType, 'i32' | 'i64' | 'f32' | 'f64' | 'v128'>;

/** A function's type. Mirrors `wasmtime::FuncType`. */
export interface FuncType<
  P extends readonly ValType[] = readonly ValType[],
  R extends readonly ValType[] = readonly ValType[],
> {
  /** Of the parameters, in order. */
  readonly params: P;
  /** Of the results, in order. */
  readonly results: R;
}

/** A memory's type. Mirrors `wasmtime::MemoryType`. */
export interface MemoryType {
  /** In pages. */
  readonly minimum: number;
  /** In pages. */
  readonly maximum?: number | undefined;
  /** The memory has 64-bit addresses. */
  readonly index64?: boolean;
  /** Several threads may have it: a {@link SharedMemory}. */
  readonly shared?: boolean;
  /** Bytes of a page: 65,536, or 1 where the engine has `wasmCustomPageSizes`. */
  readonly pageSize?: number;
}

/** A global's type. Mirrors `wasmtime::GlobalType`. */
export interface GlobalType {
  /** Of its value. */
  readonly content: ValType;
  /** It can be set. */
  readonly mutable: boolean;
}

/** A table's type. Mirrors `wasmtime::TableType`. */
export interface TableType {
  /** Of its elements. */
  readonly element: RefType;
  /** In elements. */
  readonly minimum: number;
  /** In elements. */
  readonly maximum?: number | undefined;
  /** The table has 64-bit indices. */
  readonly index64?: boolean;
}

/**
 * The type of an import or export, as Wasmtime reports it: value types are their text format's names,
 * those included that don't cross to JavaScript. Mirrors `wasmtime::ExternType`.
 */
export type ExternType =
  | {
      readonly kind: 'func';
      readonly params: readonly string[];
      readonly results: readonly string[];
    }
  | ({ readonly kind: 'memory' } & MemoryType)
  | { readonly kind: 'global'; readonly content: string; readonly mutable: boolean }
  | {
      readonly kind: 'table';
      readonly element: string;
      readonly minimum: number;
      readonly maximum: number | undefined;
      readonly index64: boolean;
    }
  | { readonly kind: 'tag'; readonly params: readonly string[] };

/**
 * Whether a value of type `type` can stand where one of `other` is wanted: `i31ref` for `anyref`. Mirrors
 * `ValType::matches`.
 */
export function valTypeMatches(type: ValType, other: ValType): boolean {
  checkOneOf('type', type, VAL_TYPES);
  checkOneOf('other', other, VAL_TYPES);
  return native.valTypeMatches(type, other) === true;
}

/**
 * Whether a function of type `type` can stand where one of `other` is wanted: it takes at least the same values
 * and returns no others. Mirrors `FuncType::matches`, where function types have no names.
 */
export function funcTypeMatches(type: FuncType, other: FuncType): boolean {
  const a = checkFuncType('type', type);
  const b = checkFuncType('other', other);
  return (
    a.params.length === b.params.length &&
    a.results.length === b.results.length &&
    a.params.every((param, i) => valTypeMatches(b.params[i] as ValType, param)) &&
    a.results.every((result, i) => valTypeMatches(result, b.results[i] as ValType))
  );
}

/** @internal */
export function memoryType(type: NativeExternType): Required<MemoryType> {
  return {
    minimum: type.minimum ?? 0,
    maximum: type.maximum,
    shared: type.shared ?? false,
    index64: type.index64 ?? false,
    pageSize: type.pageSize ?? 65_536,
  };
}

/** @internal */
export function externType(type: NativeExternType): ExternType {
  switch (type.kind) {
    case 'func':
      return { kind: 'func', params: type.params ?? [], results: type.results ?? [] };
    case 'memory':
      return { kind: 'memory', ...memoryType(type) };
    case 'global':
      return { kind: 'global', content: type.content ?? '', mutable: type.mutable ?? false };
    case 'table':
      return {
        kind: 'table',
        element: type.content ?? '',
        minimum: type.minimum ?? 0,
        maximum: type.maximum,
        index64: type.index64 ?? false,
      };
    default:
      return { kind: 'tag', params: type.params ?? [] };
  }
}

/** @internal A memory's type, as native code takes it. */
export function checkMemoryType(what: string, type: MemoryType) {
  checkObject(what, type);
  const minimum = checkInteger(`${what}.minimum`, type.minimum);
  const maximum = type.maximum === undefined ? null : checkInteger(`${what}.maximum`, type.maximum);
  const index64 = checkBoolean(`${what}.index64`, type.index64 ?? false);
  const pageSize = checkInteger(`${what}.pageSize`, type.pageSize ?? 65_536, 1, 65_536);
  if (pageSize !== 1 && pageSize !== 65_536) {
    throw outOfRange(`${what}.pageSize`, '1 or 65536', pageSize);
  }
  return { minimum, maximum, index64, pageSizeLog2: Math.log2(pageSize) };
}

/** @internal */
export function checkFuncType(what: string, type: unknown): FuncType {
  const { params, results } = checkObject(what, type);
  const check = (part: string, list: unknown): ValType[] =>
    checkArray(`${what}.${part}`, list).map((name, i) =>
      asValType(checkOneOf(`${what}.${part}[${i}]`, name, VAL_TYPES)),
    );
  return { params: check('params', params), results: check('results', results) };
}
