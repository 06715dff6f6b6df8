/** The JSON inside of a page, which `page/` reads. Nothing but types, so that the page can share them. */

import type { CodeLine } from '../profile/code-text.js';
import type { Weight } from '../profile/sample-weight.js';

export interface PageData {
  readonly name: string;
  readonly intervalMs: number;
  readonly startTimeUnixMs: number;
  /** Units of fuel between two samples: times are fuel then, a million units each millisecond. Absent by time. */
  readonly fuel?: number;
  readonly functions: readonly PageFunction[];
  readonly categories: readonly { readonly name: string; readonly color: string }[];
  readonly threads: readonly PageThread[];
  readonly counters: readonly PageCounter[];
  /** Texts of source files, where the profile has them. */
  readonly sources: readonly PageSource[];
  /** Texts of functions of which no line of source is known, where the profile has them. */
  readonly codes: readonly PageCode[];
  /** Of a comparison: this profile is the one after, and its trees have what was before too. */
  readonly compared?: { readonly name: string; readonly weight: Weight };
}

export interface PageFunction {
  readonly name: string;
  readonly module: string;
  readonly file: string;
  /** Where it starts, or 0. */
  readonly line: number;
}

export interface PageSource {
  /** As functions name it. */
  readonly file: string;
  readonly text: string;
}

/** A function in WebAssembly's text format: lines of its rows of the tree are these. */
export interface PageCode {
  readonly func: number;
  /** In the order of lines, of which some may be left out. */
  readonly lines: readonly CodeLine[];
}

/** What ran when. */
export interface PageOrder {
  /** When the first slice began, in milliseconds since the profile's start. */
  readonly startMs: number;
  /** Samples that a slice stands for; the last may have fewer. */
  readonly each: number;
  /** The row of the tree, or −1 for a sample without frames. */
  readonly node: readonly number[];
  /** Microseconds since the slice before. */
  readonly took: readonly number[];
  /** Microseconds of CPU time. */
  readonly cpu: readonly number[];
}

export interface PageThread {
  readonly name: string;
  readonly samples: number;
  /** Milliseconds since the profile's start. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly tree: {
    readonly func: readonly number[];
    /** The line that ran or called, or 0: rows of one caller and function may differ by it alone. */
    readonly line: readonly number[];
    /** The caller's row, lower than the own, or −1. */
    readonly prefix: readonly number[];
    readonly category: readonly number[];
    /** A number of samples, or nanoseconds; what it called included. */
    readonly total: Readonly<Record<Weight, readonly number[]>>;
    /** What it was before, in a comparison. */
    readonly before?: readonly number[];
    /** 1 for what is within noise, in a comparison. */
    readonly noise?: readonly number[];
    /** Call paths that are too narrow to be shown. */
    readonly left: number;
  };
  /** Absent in a comparison. */
  readonly order?: PageOrder;
  /** Those of all samples, also of what the tree has left out. */
  readonly functions: readonly {
    readonly func: number;
    /** The hottest line, or 0. */
    readonly line: number;
    readonly self: Readonly<Record<Weight, number>>;
    readonly total: Readonly<Record<Weight, number>>;
  }[];
  readonly hostCalls: readonly PageHostCall[];
}

/** All calls of one host function. */
export interface PageHostCall {
  readonly name: string;
  readonly calls: number;
  readonly totalMs: number;
  readonly longestMs: number;
}

export interface PageCounter {
  readonly name: string;
  /** What the numbers are: `bytes`, `number`, `number per ms`, or `share` of the time. */
  readonly unit: string;
  /** Milliseconds since the profile's start, and the number. */
  readonly points: readonly (readonly [number, number])[];
}
