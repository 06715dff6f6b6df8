import type { Store } from '../store.js';

/** The JavaScript objects that guests of a store hold handles of, each under a number. */
export class HostResources {
  readonly #objects = new Map<number, object>();
  readonly #free: number[] = [];
  #next = 0;

  /** The number of an object that goes to the guest. */
  add(object: object): number {
    const number = this.#free.pop() ?? this.#next++;
    this.#objects.set(number, object);
    return number;
  }

  get(number: number): object | undefined {
    return this.#objects.get(number);
  }

  /** Takes an object back. */
  remove(number: number): object | undefined {
    const object = this.#objects.get(number);
    if (this.#objects.delete(number)) this.#free.push(number);
    return object;
  }

  /** Objects that guests hold now. */
  get size(): number {
    return this.#objects.size;
  }

  static of(store: Store): HostResources {
    let resources = tables.get(store);
    if (resources === undefined) {
      resources = new HostResources();
      tables.set(store, resources);
    }
    return resources;
  }
}

/** Collected with their stores. */
const tables = new WeakMap<Store, HostResources>();
