import type { Component } from './component.js';
import type { NamedComponentItem } from './component-item.js';

/** @internal Which definitions of a linker may suspend the guest that calls them. */
export class AsyncImports {
  /** By paths. */
  readonly #paths = new Map<string, boolean>();
  #hasAsyncWasi = false;

  /** What is defined at `path` from now on: whether it may suspend. */
  set(path: readonly string[], isAsync: boolean): void {
    // Without async ones there is nothing to tell apart.
    if (isAsync || this.#hasAny) this.#paths.set(path.join('\n'), isAsync);
  }

  /** From now on, all of WASI. */
  setWasi(isAsync: boolean): void {
    this.#hasAsyncWasi = isAsync;
    for (const path of this.#paths.keys()) {
      if (isWasi(path)) this.#paths.delete(path);
    }
  }

  /** Whether `component` imports one that may suspend. */
  areIn(component: Component): boolean {
    return this.#hasAny && this.#areIn([], component.imports);
  }

  get #hasAny(): boolean {
    return this.#hasAsyncWasi || this.#paths.size > 0;
  }

  #areIn(path: readonly string[], items: readonly NamedComponentItem[]): boolean {
    return items.some(({ name, item }) => {
      const itemPath = [...path, name];
      if (item.kind === 'instance') return this.#areIn(itemPath, item.exports);
      if (item.kind !== 'func') return false;
      return this.#paths.get(itemPath.join('\n')) ?? this.#mayBe(itemPath);
    });
  }

  /** Nothing has the very name: then Wasmtime takes the newest of the versions that are compatible. */
  #mayBe(path: readonly string[]): boolean {
    if (this.#hasAsyncWasi && isWasi(path[0] ?? '')) return true;
    const wanted = compatible(path);
    return [...this.#paths].some(([other, isAsync]) => {
      return isAsync && compatible(other.split('\n')) === wanted;
    });
  }
}

function isWasi(name: string): boolean {
  return name.startsWith('wasi:');
}

/** Names with what of their versions says which others they find: `a:b/c@0.2.3` is `a:b/c@0.2`. */
function compatible(path: readonly string[]): string {
  const names = path.map((name) => {
    const { base, major, minor } = VERSIONED.exec(name)?.groups ?? {};
    if (major !== undefined && major !== '0') return `${base}@${major}`;
    return minor !== undefined && minor !== '0' ? `${base}@0.${minor}` : name;
  });
  return names.join('\n');
}

/** Those with a pre-release stand for themselves. */
const VERSIONED = /^(?<base>[^@]+)@(?<major>\d+)\.(?<minor>\d+)\.\d+(?:\+.*)?$/;
