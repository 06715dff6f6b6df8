import { native } from '../../lib/native.js';

interface Floors {
  /** A function of two integers. */
  add(a: number, b: number): number;
  /** So many calls of a function of JavaScript's, each with two integers and in a handle scope of its own. */
  callBack(f: (a: number, b: number) => number, count: number): number;
}

/** What Node-API itself takes, by functions as one writes them in C. */
export const floors = native.floorsForBench() as Floors;
