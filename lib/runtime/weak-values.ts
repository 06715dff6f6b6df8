/** Below this many entries nothing is looked for. */
const SMALL = 32;

/**
 * Values by keys, each as long as something else keeps it. Keys of values that are gone are forgotten when the map has
 * doubled since the last time, so that it is never more than twice as large as what is alive, and no finalizer runs.
 */
export class WeakValues<V extends object> {
  readonly #values = new Map<string, WeakRef<V>>();
  /** How many entries there may be until those that are gone are looked for. */
  #room = SMALL;

  /** The value of `key`, or what `make` makes, which is kept then. */
  getOrMake(key: string, make: () => V): V {
    const known = this.#values.get(key)?.deref();
    if (known !== undefined) return known;
    if (this.#values.size >= this.#room) this.#forget();
    const made = make();
    this.#values.set(key, new WeakRef(made));
    return made;
  }

  clear(): void {
    this.#values.clear();
  }

  /** How many entries there are, of values that are gone too. */
  get size(): number {
    return this.#values.size;
  }

  #forget(): void {
    for (const [key, value] of this.#values) {
      if (value.deref() === undefined) this.#values.delete(key);
    }
    this.#room = Math.max(SMALL, 2 * this.#values.size);
  }
}
