import { Int32Column, Uint8Column } from './column.js';
import type { StringIndex } from './string-table.js';

/** A row of the resource table. */
export type ResourceIndex = number;

/** The sentinel for a func without a resource. */
export const NO_RESOURCE: ResourceIndex = -1;

/** 'Library' in the Firefox Profiler's own list of resource types. */
export const RESOURCE_LIBRARY = 1;

/** Which bag of code a func came from: for a guest, its module, shown beside the func's name. */
export class ResourceTable {
  readonly name = new Int32Column();
  readonly type = new Uint8Column();

  get length(): number {
    return this.name.length;
  }

  /** Adds a library; not interned, for the reason given at `LibTable.add`. */
  addLibrary(name: StringIndex): ResourceIndex {
    this.type.push(RESOURCE_LIBRARY);
    return this.name.push(name);
  }
}
