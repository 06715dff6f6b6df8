import { isUint8Array } from 'node:util/types';
import { encodeProfile, type FormatOptions } from '../formats/formats.js';
import { type ProfileOutput, writeProfile, writeProfileSync } from '../formats/output.js';
import { readProfile, readProfileBytes } from '../formats/read.js';
import type { ReadOptions } from '../formats/row-limit.js';
import { hotFunctions } from '../profile/hot-functions.js';
import { mergeProfiles } from '../profile/merge.js';
import type { Profile } from '../profile/profile.js';
import {
  checkArray,
  checkBytes,
  checkInteger,
  checkKeys,
  checkObject,
  checkPath,
  isUrl,
} from '../runtime/check.js';
import { outOfRange, wrongType } from '../runtime/errors.js';
import { checkInternal, guardReceivers, INTERNAL, isObject } from '../runtime/internal.js';
import { type DisassembledFunction, disassemble } from './disassembly.js';
import { checkFormatOptions } from './format-options.js';
import { listedCode, type NamedModule } from './named-module.js';

/** A function in a {@link FinishedProfile}, and how often samples saw it. */
export interface FunctionSamples {
  /** As the profile shows it. */
  readonly name: string;
  /** Samples in which it ran itself. */
  readonly selfSamples: number;
  /** Samples in which it was on the stack. */
  readonly totalSamples: number;
}

/** What {@link FinishedProfile.disassemble} shows. */
export interface DisassemblyOptions {
  /** How many functions; 10 by default. */
  readonly limit?: number;
  /** One thread's samples, counted from 0; those of all by default. */
  readonly thread?: number;
}

/** A thread of a {@link FinishedProfile}: what one profiler recorded. */
export interface ThreadSummary {
  /** The name that its profiler was given. */
  readonly name: string;
  /** How many it has, empty ones too. */
  readonly samples: number;
}

/**
 * A profile that records no more. It can be written any number of times.
 *
 * @example
 * ```js
 * import { Engine, FinishedProfile, GuestProfiler, Module } from 'wasmtime-guest-profiler';
 *
 * const module = Module.compile(new Engine(), '(module)');
 * const profile = new GuestProfiler('app', 1, [['app', module]]).finishProfile();
 * const bytes = await profile.write(undefined, { format: 'jslb' });
 * const read = await FinishedProfile.read(bytes);
 * console.log(read.hotFunctions().length); // 0
 * ```
 */
export class FinishedProfile {
  readonly #profile: Profile;

  /** @internal */
  constructor(key: typeof INTERNAL, profile: Profile) {
    checkInternal(key, new.target);
    this.#profile = profile;
  }

  /** @internal */
  static model(finished: FinishedProfile): Profile {
    return finished.#profile;
  }

  /**
   * Reads a profile that was written as `.json` or `.jslb`, compressed or not, from a file or from bytes: to
   * write it in another format, or to merge what Workers sent.
   *
   * @throws TypeError `ERR_INVALID_PROFILE` for anything else, and for more rows than `maxRows`, or what `node:fs`
   * throws.
   * @throws RangeError for a `maxRows` that is no whole number from 1.
   */
  static async read(
    source: string | URL | Uint8Array,
    options: ReadOptions = {},
  ): Promise<FinishedProfile> {
    const { maxRows } = checkObject('options', options);
    checkKeys('options', options, ['maxRows']);
    const limit = maxRows === undefined ? {} : { maxRows: checkInteger('maxRows', maxRows, 1) };
    const profile = isUint8Array(source)
      ? await readProfileBytes(checkBytes('source', source), limit)
      : await readProfile(checkPath('source', source), limit);
    return new FinishedProfile(INTERNAL, profile);
  }

  /**
   * One profile with the threads of all: of stores and Workers that ran side by side, each under its own
   * name. It begins when the earliest did.
   *
   * @throws RangeError for none.
   */
  static merge(profiles: readonly FinishedProfile[]): FinishedProfile {
    const models = checkArray('profiles', profiles).map((profile, i) => {
      if (FinishedProfile.is(profile)) return profile.#profile;
      throw wrongType(`profiles[${i}]`, 'a FinishedProfile', profile);
    });
    if (models.length === 0) throw outOfRange('profiles.length', 'at least 1', 0);
    return new FinishedProfile(INTERNAL, mergeProfiles(models));
  }

  /** What was profiled. */
  get name(): string {
    return this.#profile.product;
  }

  /** Samples of all threads. */
  get samples(): number {
    return this.#profile.threads.reduce((sum, { samples }) => sum + samples.length, 0);
  }

  /** One, and more once profiles were merged. */
  get threads(): ThreadSummary[] {
    return this.#profile.threads.map(({ name, samples }) => ({ name, samples: samples.length }));
  }

  /**
   * The functions of the thread `thread`, counted from 0: those with most self samples first. None of a thread that
   * isn't there.
   *
   * @throws TypeError for a thread that is no number, RangeError for one that is no index.
   */
  hotFunctions(thread = 0): FunctionSamples[] {
    checkInteger('thread', thread);
    const { threads, strings, funcs } = this.#profile;
    const chosen = threads[thread];
    if (chosen === undefined) return [];
    return hotFunctions(this.#profile, chosen).map(({ func, selfSamples, totalSamples }) => ({
      name: strings.get(funcs.name.get(func)),
      selfSamples,
      totalSamples,
    }));
  }

  /**
   * The functions of a module that ran themselves in most samples, hottest first, in WebAssembly's text format
   * with the samples of each instruction: for code without sources. `module` is as it was listed for the
   * profile, under the same name, or compiled again by an engine of the same configuration. One that was
   * deserialized needs its binary, as {@link ModuleSymbols.wasm}.
   *
   * @throws TypeError `ERR_WRONG_MODULE` for a module that the profile isn't of, `ERR_NO_BINARY` for one
   * without its binary, and for wrong types; RangeError for a thread that isn't there.
   */
  disassemble(module: NamedModule, options: DisassemblyOptions = {}): DisassembledFunction[] {
    const listed = listedCode([module]);
    checkKeys('options', checkObject('options', options), ['limit', 'thread']);
    const { limit = 10, thread } = options;
    checkInteger('options.limit', limit, 0, 2 ** 32 - 1);
    const { threads } = this.#profile;
    if (thread !== undefined) checkInteger('options.thread', thread, 0, threads.length - 1);
    const chosen = thread === undefined ? threads : threads.slice(thread, thread + 1);
    return disassemble(this.#profile, chosen, listed, limit);
  }

  /**
   * Writes the profile: to a path, to a stream, which is left open, or to the bytes that it resolves to; in
   * the format of the path's name or of the options. See {@link GuestProfiler.finish}.
   */
  write(): Promise<Uint8Array>;
  write(output: undefined, options?: FormatOptions): Promise<Uint8Array>;
  write(output: ProfileOutput, options?: FormatOptions): Promise<undefined>;
  write(output?: ProfileOutput, options?: FormatOptions): Promise<Uint8Array | undefined>;
  async write(
    output?: ProfileOutput,
    options: FormatOptions = {},
  ): Promise<Uint8Array | undefined> {
    const format = checkFormatOptions(this.#profile, options, output);
    const { chunks, compressed } = encodeProfile(this.#profile, format.format, format);
    return writeProfile(chunks, isUrl(output) ? checkPath('output', output) : output, compressed);
  }

  /** {@link FinishedProfile.write} to a file, for a process that is about to end. */
  writeSync(path: string | URL, options: FormatOptions = {}): void {
    checkPath('path', path);
    const format = checkFormatOptions(this.#profile, options, path);
    const { chunks, compressed } = encodeProfile(this.#profile, format.format, format);
    writeProfileSync(chunks, checkPath('path', path), compressed);
  }

  /** @internal */
  static is(value: unknown): value is FinishedProfile {
    return isObject(value) && #profile in value;
  }

  static {
    guardReceivers(FinishedProfile, (value) => #profile in value);
  }
}
