/** @internal What is told of compiled code, once it was asked for, until its engine is disposed of. */
export class KnownCode<T extends object> {
  #known: T | undefined;

  get(find: () => T): T {
    this.#known ??= find();
    return this.#known;
  }

  dispose(): void {
    this.#known = undefined;
  }
}
