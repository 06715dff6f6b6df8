import type { Func, FuncIndex } from './func-table.js';
import { type Lib, type LibIndex, NO_LIB } from './lib-table.js';
import { NO_NATIVE_SYMBOL } from './native-symbol-table.js';
import type { Profile } from './profile.js';
import type { ResourceIndex } from './resource-table.js';

/** The funcs that share all their fields: static functions of one name, say. */
interface Namesakes {
  /** By where their code begins. */
  readonly compiled: Map<string, FuncIndex>;
  /** One that was seen in the code of others only. */
  inlined: FuncIndex | undefined;
}

/**
 * What runs of the same modules have in common, so that a module and a function of it is one row in the profile
 * of all runs.
 */
export class SharedModules {
  readonly #merged: Profile;
  readonly #libs = new Map<string, LibIndex>();
  readonly #resources = new Map<string, ResourceIndex>();
  readonly #funcs = new Map<string, Namesakes>();

  constructor(merged: Profile) {
    this.#merged = merged;
  }

  lib(lib: Lib): LibIndex {
    return interned(this.#libs, `${lib.codeId}\0${lib.name}`, () => this.#merged.libs.add(lib));
  }

  /** `number` tells resources of one name in one profile apart. */
  resource(name: number, number: number): ResourceIndex {
    const add = () => this.#merged.resources.addLibrary(name);
    return interned(this.#resources, `${name} ${number}`, add);
  }

  /** `code` is where its own code begins, from {@link codeOfFuncs}; undefined for one that was only inlined. */
  func(func: Func, code: string | undefined): FuncIndex {
    const key = [func.name, func.resource, func.source, func.line, func.column].join(' ');
    const known = this.#funcs.get(key);
    const namesakes = known ?? { compiled: new Map<string, FuncIndex>(), inlined: undefined };
    if (known === undefined) this.#funcs.set(key, namesakes);
    const { compiled, inlined } = namesakes;
    if (code === undefined) {
      const [first] = compiled.values();
      namesakes.inlined ??= first ?? this.#merged.funcs.add(func);
      return namesakes.inlined;
    }
    return interned(compiled, code, () => {
      // What was inlined in the runs before and is compiled here is the same function of the source.
      const isFree = inlined !== undefined && ![...compiled.values()].includes(inlined);
      return isFree ? inlined : this.#merged.funcs.add(func);
    });
  }
}

/**
 * For each func, the beginning of the first code that is its own; undefined for one that was only inlined. `libs`
 * are the merged profile's for its own.
 */
export function codeOfFuncs(
  { frames, nativeSymbols, funcs }: Profile,
  libs: readonly LibIndex[],
): (string | undefined)[] {
  const codes = new Array<string | undefined>(funcs.length);
  for (let row = 0; row < frames.length; row++) {
    const symbol = frames.nativeSymbol.get(row);
    if (frames.inlineDepth.get(row) > 0 || symbol === NO_NATIVE_SYMBOL) continue;
    const lib = libs[frames.lib.get(row)] ?? NO_LIB;
    codes[frames.func.get(row)] ??= `${lib} ${nativeSymbols.address.get(symbol)}`;
  }
  return codes;
}

function interned(rows: Map<string, number>, key: string, add: () => number): number {
  const known = rows.get(key);
  if (known !== undefined) return known;
  const row = add();
  rows.set(key, row);
  return row;
}
