import { Int32Column } from './column.js';
import { NO_RESOURCE, type ResourceIndex } from './resource-table.js';
import { mix, NOT_FOUND, RowIndex } from './row-index.js';
import { NO_SOURCE, type SourceIndex } from './source-table.js';
import type { StringIndex } from './string-table.js';

/** A row of the func table. */
export type FuncIndex = number;

/** Where a line or column is unknown: 0, as in DWARF; known ones count from 1. */
export const UNKNOWN_LINE = 0;

/** What makes one func. */
export interface Func {
  readonly name: StringIndex;
  readonly resource?: ResourceIndex;
  readonly source?: SourceIndex;
  /** Line on which the function starts. */
  readonly line?: number;
  readonly column?: number;
  /** What linkers know it by: mangled, for C++ and Rust. */
  readonly linkageName?: StringIndex;
}

/** The sentinel for a func whose linkage name isn't known. */
export const NO_LINKAGE_NAME: StringIndex = -1;

/** The functions of the source: what a call tree groups frames by. */
export class FuncTable {
  readonly name = new Int32Column();
  readonly resource = new Int32Column();
  readonly source = new Int32Column();
  readonly line = new Int32Column();
  readonly column = new Int32Column();
  /** Of writers, only pprof's has a place for it: a profile that was read has none. */
  readonly linkageName = new Int32Column();
  readonly #rows = new RowIndex();

  get length(): number {
    return this.name.length;
  }

  /** The func with exactly these fields, added when it is new. */
  intern(func: Func): FuncIndex {
    const { name, resource = NO_RESOURCE, source = NO_SOURCE } = func;
    const { line = UNKNOWN_LINE, column = UNKNOWN_LINE } = func;
    const { linkageName = NO_LINKAGE_NAME } = func;
    const hash = mix(mix(mix(mix(0, name), resource), source), line);
    const known = this.#rows.find(
      hash,
      (row) =>
        this.name.get(row) === name &&
        this.resource.get(row) === resource &&
        this.source.get(row) === source &&
        this.line.get(row) === line &&
        this.column.get(row) === column &&
        this.linkageName.get(row) === linkageName,
    );
    if (known !== NOT_FOUND) return known;
    return this.add(func);
  }

  /**
   * Adds a func without looking for an equal one: two wasm functions may share name and module
   * and still be two functions. A func added so is found by a later `intern` of equal fields.
   */
  add(func: Func): FuncIndex {
    const { name, resource = NO_RESOURCE, source = NO_SOURCE } = func;
    const { line = UNKNOWN_LINE, column = UNKNOWN_LINE } = func;
    this.#rows.insert(mix(mix(mix(mix(0, name), resource), source), line));
    this.resource.push(resource);
    this.source.push(source);
    this.line.push(line);
    this.column.push(column);
    this.linkageName.push(func.linkageName ?? NO_LINKAGE_NAME);
    return this.name.push(name);
  }
}
