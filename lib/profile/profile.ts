import { CategoryTable } from './category.js';
import type { CodeTexts } from './code-text.js';
import { Counter, type CounterOptions } from './counter.js';
import { FrameTable } from './frame-table.js';
import { FuncTable } from './func-table.js';
import { LibTable } from './lib-table.js';
import { type MarkerFieldFormat, MarkerSchemaTable } from './marker-schema.js';
import { NativeSymbolTable } from './native-symbol-table.js';
import { ResourceTable } from './resource-table.js';
import type { Milliseconds } from './sample-table.js';
import { SourceTable } from './source-table.js';
import { StackTable } from './stack-table.js';
import { StringTable } from './string-table.js';
import { Thread, type ThreadOptions } from './thread.js';

/** A titled list of facts about the recording, for a reader's information panel. */
export interface ExtraSection {
  readonly label: string;
  readonly entries: readonly {
    readonly label: string;
    readonly format: MarkerFieldFormat;
    readonly value: string | number;
  }[];
}

export interface ProfileOptions {
  /** What was profiled: for a guest, the name given to its profiler. */
  readonly product: string;
  /** Milliseconds between two samples, as asked for. */
  readonly intervalMs: Milliseconds;
  /** Milliseconds since 1970, UTC; all other times of a profile count from here. */
  readonly startTimeUnixMs: Milliseconds;
  /** The program's arguments as a command line, if they are to be shown. */
  readonly arguments?: string | undefined;
}

/**
 * A recording in memory: what every output format is a pure function of.
 *
 * ```
 * thread.samples ─stack─▶ stacks ─frame─▶ frames ─func─▶ funcs ─name─▶ strings
 * thread.markers ─cause─▶    │ prefix        ├─lib─▶ libs  ├─resource─▶ resources
 *                            ▼ (a caller)    └─▶ nativeSymbols └─source─▶ sources
 * ```
 *
 * Rows refer to rows by index; −1 stands for 'none' in every column that may have none. A recorder
 * adds from the right to the left:
 *
 * ```
 * const lib = profile.libs.add({ name });
 * const resource = profile.resources.addLibrary(profile.strings.intern(name));
 * const func = profile.funcs.intern({ name: profile.strings.intern('fib'), resource });
 * const frame = profile.frames.intern({ func, lib, address: 0x40 - 1 });
 * const stack = profile.stacks.intern(NO_STACK, frame);
 * thread.samples.push(stack, timeMs, cpuDeltaMs);
 * ```
 */
export class Profile {
  readonly product: string;
  /** Samples by fuel have their own, which is known when they begin. */
  intervalMs: Milliseconds;
  readonly startTimeUnixMs: Milliseconds;
  readonly arguments: string | undefined;
  readonly strings = new StringTable();
  readonly libs = new LibTable();
  readonly categories = new CategoryTable();
  readonly resources = new ResourceTable();
  readonly nativeSymbols = new NativeSymbolTable();
  readonly sources = new SourceTable();
  readonly codeTexts: CodeTexts = new Map();
  readonly funcs = new FuncTable();
  readonly frames = new FrameTable();
  readonly stacks = new StackTable();
  readonly markerSchemas = new MarkerSchemaTable();
  readonly threads: Thread[] = [];
  readonly counters: Counter[] = [];
  readonly extra: ExtraSection[] = [];

  constructor(options: ProfileOptions) {
    this.product = options.product;
    this.intervalMs = options.intervalMs;
    this.startTimeUnixMs = options.startTimeUnixMs;
    this.arguments = options.arguments;
  }

  addCounter(options: CounterOptions): Counter {
    const counter = new Counter(options);
    this.counters.push(counter);
    return counter;
  }

  addThread(options: ThreadOptions): Thread {
    const thread = new Thread(options, this.threads.length);
    this.threads.push(thread);
    return thread;
  }
}
