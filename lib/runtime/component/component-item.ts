import type { NativeComponentItem, NativeWitType } from '../../generated/native.js';
import type { ExportType, ImportType } from '../module.js';
import { externType } from '../types.js';
import { ResourceType } from './resource-type.js';
import { type ComponentFuncType, componentFuncType, type WitType, witType } from './wit-type.js';

/** What a component imports or exports. Mirrors `wasmtime::component::types::ComponentItem`. */
export type ComponentItem =
  | ({ readonly kind: 'func' } & ComponentFuncType)
  | { readonly kind: 'instance'; readonly exports: readonly NamedComponentItem[] }
  | {
      readonly kind: 'component';
      readonly imports: readonly NamedComponentItem[];
      readonly exports: readonly NamedComponentItem[];
    }
  | {
      readonly kind: 'module';
      readonly imports: readonly ImportType[];
      readonly exports: readonly ExportType[];
    }
  | { readonly kind: 'type'; readonly type: WitType }
  | { readonly kind: 'resource'; readonly resource: ResourceType }
  | { readonly kind: 'core-func'; readonly type: ExportType['type'] };

/** An import or export of a component, by its name: `wasi:cli/run@0.2.0`. */
export interface NamedComponentItem {
  /** As in WIT. */
  readonly name: string;
  /** Its type. */
  readonly item: ComponentItem;
}

/** @internal */
export function namedItem(native: NativeComponentItem): NamedComponentItem {
  return { name: native.name, item: componentItem(native) };
}

function componentItem(native: NativeComponentItem): ComponentItem {
  const { func, imports = [], exports = [], coreImports = [], coreExports = [] } = native;
  switch (native.kind) {
    case 'func':
      return { kind: 'func', ...componentFuncType(func as NonNullable<typeof func>) };
    case 'instance':
      return { kind: 'instance', exports: exports.map(namedItem) };
    case 'component':
      return {
        kind: 'component',
        imports: imports.map(namedItem),
        exports: exports.map(namedItem),
      };
    case 'module':
      return {
        kind: 'module',
        imports: coreImports.map((type) => ({
          module: type.module ?? '',
          name: type.name,
          type: externType(type),
        })),
        exports: coreExports.map((type) => ({ name: type.name, type: externType(type) })),
      };
    case 'resource':
      return { kind: 'resource', resource: ResourceType.fromNative(native.resource as never) };
    case 'type':
      return { kind: 'type', type: witType(native.value as NativeWitType) };
    default:
      return { kind: 'core-func', type: externType(coreExports[0] as (typeof coreExports)[0]) };
  }
}
