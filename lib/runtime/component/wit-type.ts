import type { NativeComponentFuncType, NativeWitType } from '../../generated/native.js';
import { ResourceType } from './resource-type.js';

/** The types of WIT without parts of their own. */
export type SimpleWitType =
  | 'bool'
  | 's8'
  | 'u8'
  | 's16'
  | 'u16'
  | 's32'
  | 'u32'
  | 's64'
  | 'u64'
  | 'f32'
  | 'f64'
  | 'char'
  | 'string'
  | 'error-context';

/** A field of a record. */
export interface WitField {
  /** As in WIT: `user-id`. */
  readonly name: string;
  /** In JavaScript: `userId`. */
  readonly key: string;
  /** Of its value. */
  readonly type: WitType;
}

/** A case of a variant. */
export interface WitCase {
  /** As in WIT. */
  readonly name: string;
  /** Of its value, if it has one. */
  readonly type: WitType | undefined;
}

/** A flag of a set of flags. */
export interface WitFlag {
  /** As in WIT: `read-only`. */
  readonly name: string;
  /** In JavaScript: `readOnly`. */
  readonly key: string;
}

/** A type of component values. Mirrors `wasmtime::component::Type`. */
export type WitType =
  | { readonly kind: SimpleWitType }
  | { readonly kind: 'list'; readonly element: WitType }
  | { readonly kind: 'fixed-length-list'; readonly element: WitType; readonly length: number }
  | { readonly kind: 'map'; readonly key: WitType; readonly value: WitType }
  | { readonly kind: 'record'; readonly fields: readonly WitField[] }
  | { readonly kind: 'tuple'; readonly types: readonly WitType[] }
  | { readonly kind: 'variant'; readonly cases: readonly WitCase[] }
  | { readonly kind: 'enum'; readonly names: readonly string[] }
  | { readonly kind: 'option'; readonly type: WitType }
  | {
      readonly kind: 'result';
      readonly ok: WitType | undefined;
      readonly err: WitType | undefined;
    }
  | { readonly kind: 'flags'; readonly flags: readonly WitFlag[] }
  | { readonly kind: 'own' | 'borrow'; readonly resource: ResourceType }
  | { readonly kind: 'future' | 'stream'; readonly type: WitType | undefined };

/** The type of a component's function. Mirrors `wasmtime::component::types::ComponentFunc`. */
export interface ComponentFuncType {
  /** Parameters with their names in WIT, in order. */
  readonly params: readonly { readonly name: string; readonly type: WitType }[];
  /** Undefined when it returns nothing. */
  readonly result: WitType | undefined;
  /** Declared `async` in WIT, which JavaScript can't call yet. */
  readonly async: boolean;
}

/** @internal */
export function componentFuncType(type: NativeComponentFuncType): ComponentFuncType {
  return {
    params: type.paramNames.map((name, i) => ({
      name,
      type: witType(type.paramTypes[i] as NativeWitType),
    })),
    result: type.result === undefined ? undefined : witType(type.result),
    async: type.isAsync,
  };
}

/** @internal */
export function witType(type: NativeWitType): WitType {
  const { kind, names = [], types = [], length = 0, resource } = type;
  const part = (i: number): WitType => witType(types[i] as NativeWitType);
  const optional = (i: number): WitType | undefined => (types[i] == null ? undefined : part(i));
  switch (kind) {
    case 'list':
      return { kind, element: part(0) };
    case 'fixed-length-list':
      return { kind, element: part(0), length };
    case 'map':
      return { kind, key: part(0), value: part(1) };
    case 'record': {
      const keys = keysOf(names);
      const fields = names.map((name, i) => ({ name, key: keys[i] as string, type: part(i) }));
      return { kind, fields };
    }
    case 'tuple':
      return { kind, types: types.map((_, i) => part(i)) };
    case 'variant':
      return { kind, cases: names.map((name, i) => ({ name, type: optional(i) })) };
    case 'enum':
      return { kind, names };
    case 'option':
      return { kind, type: part(0) };
    case 'result':
      return { kind, ok: optional(0), err: optional(1) };
    case 'flags': {
      const keys = keysOf(names);
      return { kind, flags: names.map((name, i) => ({ name, key: keys[i] as string })) };
    }
    case 'own':
    case 'borrow':
      return { kind, resource: ResourceType.fromNative(resource as never) };
    case 'future':
    case 'stream':
      return { kind, type: optional(0) };
    default:
      return { kind: kind as SimpleWitType };
  }
}

/** The names that JavaScript has for WIT's: in camel case, unless two would be the same. */
function keysOf(names: readonly string[]): string[] {
  const keys = names.map(camelCase);
  return new Set(keys).size === keys.length ? keys : [...names];
}

function camelCase(name: string): string {
  const words = name.split('-').map((word) => word.toLowerCase());
  return words
    .map((word, i) => (i === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1)))
    .join('');
}

/** A type as WIT writes it, for messages. @internal */
export function witText(type: WitType | undefined): string {
  if (type === undefined) return '_';
  switch (type.kind) {
    case 'list':
      return `list<${witText(type.element)}>`;
    case 'fixed-length-list':
      return `list<${witText(type.element)}, ${type.length}>`;
    case 'map':
      return `map<${witText(type.key)}, ${witText(type.value)}>`;
    case 'tuple':
      return `tuple<${type.types.map(witText).join(', ')}>`;
    case 'option':
      return `option<${witText(type.type)}>`;
    case 'result':
      return `result<${witText(type.ok)}, ${witText(type.err)}>`;
    case 'future':
    case 'stream':
      return `${type.kind}<${witText(type.type)}>`;
    default:
      return type.kind;
  }
}
