import { native } from '../native.js';
import { checkBytesOrWat } from './check.js';

/** @internal An import or an export, told without compiling: of what isn't a function, the kind alone. */
export interface InterfaceItem {
  readonly name: string;
  readonly type: {
    readonly kind: string;
    readonly params?: readonly string[];
    readonly results?: readonly string[];
  };
}

/** @internal What a module imports and exports. */
export interface ModuleInterface {
  readonly imports: readonly (InterfaceItem & { readonly module: string })[];
  readonly exports: readonly InterfaceItem[];
}

/** @internal What a module needs and offers, told without compiling it; undefined for what can't be read. */
export function moduleInterface(
  bytesOrWat: Uint8Array | ArrayBuffer | string,
): ModuleInterface | undefined {
  const found = native.moduleInterface(checkBytesOrWat(bytesOrWat));
  if (found === null) return undefined;
  return {
    imports: found.imports.map((item) => ({ module: item.module ?? '', ...named(item) })),
    exports: found.exports.map(named),
  };
}

function named({
  name,
  kind,
  params,
  results,
}: {
  name: string;
  kind: string;
  params?: string[];
  results?: string[];
}): InterfaceItem {
  return {
    name,
    type: {
      kind,
      ...(params !== undefined && { params }),
      ...(results !== undefined && { results }),
    },
  };
}
