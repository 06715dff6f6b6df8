import { NO_STACK } from '../profile/stack-table.js';
import type { Thread } from '../profile/thread.js';
import type { ListedCode } from './listed-code.js';
import type { Recording } from './recording.js';
import { findRow } from './rows.js';

/** What a recording that is under way has seen. */
export interface Progress {
  readonly samples: number;
  /** The function that ran itself most often since the look before; undefined when none did. */
  readonly hottest: string | undefined;
}

/** Looks at a recording while its guest waits, at a cost that doesn't grow with the recording. */
export class ProgressReader {
  readonly #recording: Recording;
  readonly #thread: Thread;
  readonly #modules: readonly ListedCode[];
  readonly #functions = new Map<number, { offset: Uint32Array; index: Uint32Array }>();
  #seen = 0;

  constructor(recording: Recording, thread: Thread, modules: readonly ListedCode[]) {
    this.#recording = recording;
    this.#thread = thread;
    this.#modules = modules;
  }

  read(): Progress {
    this.#recording.drain();
    const { length } = this.#thread.samples;
    const address = this.#hottestAddress(this.#seen, length);
    this.#seen = length;
    return { samples: length, hottest: address === undefined ? undefined : this.#nameOf(address) };
  }

  /** By function, not by address: a function's samples may be spread over its loops. */
  #hottestAddress(from: number, to: number): number | undefined {
    const { interner, native } = this.#recording;
    const bases = native.bases();
    const counts = new Map<string, { count: number; address: number }>();
    let hottest: { count: number; address: number } | undefined;
    for (let sample = from; sample < to; sample++) {
      const stack = this.#thread.samples.stack.get(sample);
      if (stack === NO_STACK) continue;
      const row = interner.stacks.frame.get(stack);
      // The call that a return address follows.
      const address = interner.addresses.address.get(row) - 1;
      const { module, func } = this.#place(bases, address);
      const entry = counts.get(`${module} ${func}`) ?? { count: 0, address };
      entry.count++;
      counts.set(`${module} ${func}`, entry);
      if (hottest === undefined || entry.count > hottest.count) hottest = entry;
    }
    return hottest?.address;
  }

  #place(bases: Uint32Array, address: number): { module: number; func: number } {
    const module = findRow(bases, address);
    const { offset, index } = this.#functionsOf(module);
    const func = index[findRow(offset, address - (bases[module] as number))] as number;
    return { module, func };
  }

  #nameOf(address: number): string {
    const { module, func } = this.#place(this.#recording.native.bases(), address);
    const { code } = this.#modules[module] as ListedCode;
    const [name] = code.functionNames(Uint32Array.of(func), false);
    return name ?? `wasm-function[${func}]`;
  }

  #functionsOf(row: number): { offset: Uint32Array; index: Uint32Array } {
    const known = this.#functions.get(row);
    if (known !== undefined) return known;
    const functions = (this.#modules[row] as ListedCode).code.functions();
    this.#functions.set(row, functions);
    return functions;
  }
}
