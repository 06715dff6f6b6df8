import type { FrameIndex } from '../profile/frame-table.js';
import { type LibIndex, NO_LIB } from '../profile/lib-table.js';
import { type NativeSymbolIndex, UNKNOWN_SIZE } from '../profile/native-symbol-table.js';
import type { Profile } from '../profile/profile.js';
import { findRow } from '../profiler/rows.js';

/** Finds a profile's functions and frames by module and address. */
export class SymbolIndex {
  readonly #profile: Profile;
  /** Of each module, its native symbols and their addresses, ascending. */
  readonly #symbols: { readonly rows: NativeSymbolIndex[]; readonly addresses: Uint32Array }[];
  /** Of each module, its frames by address, the outermost function first. */
  readonly #frames: Map<number, FrameIndex[]>[];

  constructor(profile: Profile) {
    this.#profile = profile;
    const { libs, frames, nativeSymbols } = profile;
    this.#frames = Array.from({ length: libs.length }, () => new Map());
    const addressOf = (row: NativeSymbolIndex) => nativeSymbols.address.get(row);
    const rows = Array.from({ length: libs.length }, (): NativeSymbolIndex[] => []);
    for (let row = 0; row < nativeSymbols.length; row++)
      rows[nativeSymbols.lib.get(row)]?.push(row);
    this.#symbols = rows.map((rows) => {
      rows.sort((a, b) => addressOf(a) - addressOf(b));
      return { rows, addresses: Uint32Array.from(rows, addressOf) };
    });
    for (let row = 0; row < frames.length; row++) {
      const lib = frames.lib.get(row);
      if (lib !== NO_LIB) this.#addFrame(lib, row);
    }
  }

  #addFrame(lib: LibIndex, row: FrameIndex): void {
    const { frames } = this.#profile;
    const byAddress = this.#frames[lib] as Map<number, FrameIndex[]>;
    const address = frames.address.get(row);
    const chain = byAddress.get(address) ?? [];
    chain[frames.inlineDepth.get(row)] ??= row;
    byAddress.set(address, chain);
  }

  /** The modules that a reader calls so: one, unless several share a name and have no hash. */
  libs(debugName: string, debugId: string): LibIndex[] {
    const rows = [...this.#profile.libs].entries();
    return [...rows]
      .filter(([, lib]) => lib.debugName === debugName && lib.breakpadId === debugId)
      .map(([row]) => row);
  }

  /** The function whose code an address is in. */
  symbol(lib: LibIndex, address: number): NativeSymbolIndex | undefined {
    const { nativeSymbols } = this.#profile;
    const { rows = [], addresses = new Uint32Array() } = this.#symbols[lib] ?? {};
    const found = rows[findRow(addresses, address)];
    if (found === undefined) return undefined;
    const start = nativeSymbols.address.get(found);
    const size = nativeSymbols.functionSize.get(found);
    return address >= start && (size === UNKNOWN_SIZE || address < start + size)
      ? found
      : undefined;
  }

  /** The frames that samples found at an address, the outermost function first. */
  frames(lib: LibIndex, address: number): readonly FrameIndex[] {
    // Where an inlined function is missing, those after it are there all the same.
    return (this.#frames[lib]?.get(address) ?? []).filter((row) => row !== undefined);
  }
}
