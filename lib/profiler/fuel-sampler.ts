import type { CallHook } from '../runtime/call-hook.js';
import { checkInteger } from '../runtime/check.js';
import { Store } from '../runtime/store.js';

/** What a call of a host function counts for, in units of fuel. */
export const HOST_CALL_FUEL = 100n;

/** Fewer would take longer to sample than to run. */
const LEAST = 1000;
/** As much as a profile's times can count. */
const MOST = 1e12;

/** @throws TypeError and RangeError for what is no number of units of fuel. */
export function checkEveryFuel(everyFuel: unknown): number {
  return checkInteger('options.everyFuel', everyFuel, LEAST, MOST);
}

/**
 * Has a store's guest looked at each time that it has used so much fuel.
 *
 * The store's fuel is given out in slices. Where compiled code finds a slice used up, at a function's entry or a loop's
 * header, it calls Wasmtime, which fires the call hook before it looks whether there is more: there the sample is
 * taken, and the next slice given. So this works in synchronous calls too, and nothing of it depends on time.
 *
 * ```text
 * fuel      ├──── slice ────┤──── slice ────┤──── slice ────┤
 * checks    · · ·  ·  · · ·  S  ·   ·  · ·  · S ·    · ·  · · S     S: the first check beyond the slice
 * ```
 *
 * What was used beyond a slice, less than between two checks, is nobody's.
 */
export class FuelSampler {
  readonly #store: Store;
  readonly #sample: () => void;
  /** What host calls cost that a slice had no room for. */
  #owed = 0n;
  #detached = false;

  /** `sample` is called for each slice that was used. */
  constructor(store: Store, everyFuel: bigint, sample: () => void) {
    this.#store = store;
    this.#sample = sample;
    Store.sliceFuel(store, everyFuel, (kind) => this.#onHook(kind));
  }

  /** The store has its fuel whole again; that of a guest that is suspended, at its next call of the host. */
  detach(): void {
    this.#detached = true;
    try {
      Store.sliceFuel(this.#store, null);
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_STORE_IN_USE') throw error;
    }
  }

  #onHook(kind: CallHook): void {
    if (kind !== 'CallingHost') return;
    if (this.#detached) {
      this.detach();
      return;
    }
    const left = Store.fuelOfSlice(this.#store);
    if (left === 0n) {
      this.#sample();
      Store.nextFuelSlice(this.#store, this.#owed);
      this.#owed = 0n;
      return;
    }
    // A slice ends at a check alone, so a unit of it stays.
    this.#owed += HOST_CALL_FUEL;
    const paid = this.#owed < left ? this.#owed : left - 1n;
    this.#owed -= paid;
    Store.useFuelOfSlice(this.#store, paid);
  }
}
