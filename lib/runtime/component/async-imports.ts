import type { Component } from './component.js';
import type { NamedComponentItem } from './component-item.js';

/** @internal Which definitions of a linker may suspend the guest that calls them. */
export class AsyncImports {
  /** By paths, versions as {@link compatible} ones. */
  readonly #paths = new Map<string, boolean>();
  #hasAsyncWasi = false;

  /** What is defined at `path` from now on: whether it may suspend. */
  set(path: readonly string[], isAsync: boolean): void {
    // Without async ones there is nothing to tell apart.
    if (isAsync || this.#hasAny) this.#paths.set(key(path), isAsync);
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
      const found = this.#paths.get(key(itemPath));
      return found ?? (this.#hasAsyncWasi && isWasi(itemPath[0] ?? ''));
    });
  }
}

function isWasi(name: string): boolean {
  return name.startsWith('wasi:');
}

function key(path: readonly string[]): string {
  return path.map(compatible).join('\n');
}

/** A name with what of its version says which others it finds: `a:b/c@0.2.3` is `a:b/c@0.2`. */
function compatible(name: string): string {
  const { base, major, minor } = VERSIONED.exec(name)?.groups ?? {};
  if (major !== undefined && major !== '0') return `${base}@${major}`;
  return minor !== undefined && minor !== '0' ? `${base}@0.${minor}` : name;
}

/** Those with a pre-release stand for themselves. */
const VERSIONED = /^(?<base>[^@]+)@(?<major>\d+)\.(?<minor>\d+)\.\d+(?:\+.*)?$/;
