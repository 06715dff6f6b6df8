/**
 * The API by which the Firefox Profiler asks a symbol server, as samply has it for native code: names for
 * addresses, source files, and code.
 *
 * Facts: `API.md` in `mstange/samply`. An answer with `error` is how the API says no.
 */

import type { FrameIndex } from '../profile/frame-table.js';
import { UNKNOWN_LINE } from '../profile/func-table.js';
import type { LibIndex } from '../profile/lib-table.js';
import { UNKNOWN_SIZE } from '../profile/native-symbol-table.js';
import type { Profile } from '../profile/profile.js';
import { NO_SOURCE, type SourceIndex } from '../profile/source-table.js';
import type { SourceReader } from '../profiler/source-texts.js';
import type { Disassembler } from './disassembler.js';
import {
  arrayOf,
  hexOf,
  naturalOf,
  objectOf,
  RequestError,
  stringOf,
  toHex,
} from './json-request.js';
import { SymbolIndex } from './symbol-index.js';

/** What a {@link SymbolServer} answers from, beside the profile. */
export interface SymbolServerOptions {
  readonly sources?: SourceReader;
  readonly disassembler?: Disassembler;
}

/** Answers requests about one profile. */
export class SymbolServer {
  readonly #profile: Profile;
  readonly #options: SymbolServerOptions;
  readonly #index: SymbolIndex;

  constructor(profile: Profile, options: SymbolServerOptions) {
    this.#profile = profile;
    this.#options = options;
    this.#index = new SymbolIndex(profile);
  }

  /** The answer to a request, both to be sent as JSON; undefined for a path that isn't the API's. */
  answer(path: string, request: unknown): object | undefined {
    try {
      switch (path) {
        case 'symbolicate/v5':
          return this.#symbolicate(request);
        case 'source/v1':
          return this.#source(request);
        case 'asm/v1':
          return this.#asm(request);
        default:
          return undefined;
      }
    } catch (error) {
      if (error instanceof RequestError) return { error: error.message };
      throw error;
    }
  }

  #symbolicate(request: unknown): object {
    const jobs = arrayOf('jobs', objectOf('request', request)['jobs']);
    return { results: jobs.map((job) => this.#symbolicateJob(objectOf('job', job))) };
  }

  #symbolicateJob(job: Readonly<Record<string, unknown>>): object {
    const modules = arrayOf('memoryMap', job['memoryMap']).map((entry) => {
      const [name, id] = arrayOf('memoryMap', entry);
      const module = { name: stringOf('module name', name), id: stringOf('debug id', id) };
      return { ...module, libs: this.#index.libs(module.name, module.id) };
    });
    const stacks = arrayOf('stacks', job['stacks']).map((stack) =>
      arrayOf('stack', stack).map((entry, frame) => {
        const [row, offset] = arrayOf('frame', entry);
        const module = modules[naturalOf('module index', row)];
        if (module === undefined) throw new RequestError('module index: expected one of memoryMap');
        const address = naturalOf('offset', offset);
        const found = this.#functionAt(module.libs, address);
        return { frame, module: module.name, module_offset: toHex(address), ...found };
      }),
    );
    const found = modules.map(({ name, id, libs }) => [`${name}/${id}`, libs.length > 0]);
    return { stacks, found_modules: Object.fromEntries(found) };
  }

  #functionAt(libs: readonly LibIndex[], address: number): object {
    const { nativeSymbols, strings } = this.#profile;
    const [found] = libs.flatMap((lib) => {
      const symbol = this.#index.symbol(lib, address);
      return symbol === undefined ? [] : [{ lib, symbol }];
    });
    if (found === undefined) return {};
    const { lib, symbol } = found;
    const size = nativeSymbols.functionSize.get(symbol);
    const [outermost, ...inlined] = this.#index.frames(lib, address);
    return {
      function: strings.get(nativeSymbols.name.get(symbol)),
      function_offset: toHex(address - nativeSymbols.address.get(symbol)),
      ...(size !== UNKNOWN_SIZE && { function_size: toHex(size) }),
      ...(outermost !== undefined && this.#placeOf(outermost)),
      ...(inlined.length > 0 && {
        inlines: inlined.reverse().map((frame) => {
          const name = this.#profile.funcs.name.get(this.#profile.frames.func.get(frame));
          return { function: strings.get(name), ...this.#placeOf(frame) };
        }),
      }),
    };
  }

  #placeOf(frame: FrameIndex): { file?: string; line?: number } {
    const { frames, sources, strings } = this.#profile;
    const source = this.#sourceOf(frame);
    const line = frames.line.get(frame);
    return {
      ...(source !== NO_SOURCE && { file: strings.get(sources.filename.get(source)) }),
      ...(line !== UNKNOWN_LINE && { line }),
    };
  }

  #sourceOf(frame: FrameIndex): SourceIndex {
    const { frames, funcs } = this.#profile;
    return funcs.source.get(frames.func.get(frame));
  }

  /** As samply does, only of files that the code at the address comes from. */
  #source(request: unknown): object {
    const asked = objectOf('request', request);
    const file = stringOf('file', asked['file']);
    const offset = hexOf('moduleOffset', asked['moduleOffset']);
    const frames = this.#libsOf(asked).flatMap((lib) => this.#index.frames(lib, offset));
    const frame = frames.find((frame) => this.#placeOf(frame).file === file);
    if (frame === undefined) {
      throw new RequestError(`no code at ${toHex(offset)} comes from ${file}`);
    }
    const embedded = this.#profile.sources.content(this.#sourceOf(frame));
    const source = embedded ?? this.#options.sources?.(file, file);
    if (source === undefined) {
      throw new RequestError(
        this.#options.sources === undefined
          ? 'start view with --sources DIRECTORY to see source files'
          : `${file} is not in the directory of --sources`,
      );
    }
    return { symbolsLastModified: null, sourceLastModified: null, file, source };
  }

  /** Not machine code, but what it does: a line for each instruction of WebAssembly, where its code begins. */
  #asm(request: unknown): object {
    const asked = objectOf('request', request);
    const start = hexOf('startAddress', asked['startAddress']);
    const { nativeSymbols } = this.#profile;
    for (const lib of this.#libsOf(asked)) {
      const symbol = this.#index.symbol(lib, start);
      if (symbol === undefined || nativeSymbols.address.get(symbol) !== start) continue;
      const size = nativeSymbols.functionSize.get(symbol);
      const instructions = this.#options.disassembler?.instructions(lib, start, size);
      if (instructions === undefined) {
        throw new RequestError('start view with --wasm FILE, the module, to see its code');
      }
      return {
        ...{ startAddress: toHex(start), size: toHex(size) },
        ...{ arch: 'wasm', syntax: ['Text format'], instructions },
      };
    }
    throw new RequestError(`no function that was sampled begins at ${toHex(start)}`);
  }

  /** The modules that a request is about. */
  #libsOf(asked: Readonly<Record<string, unknown>>): LibIndex[] {
    const name = stringOf('debugName', asked['debugName']);
    const libs = this.#index.libs(name, stringOf('debugId', asked['debugId']));
    if (libs.length === 0) throw new RequestError(`${name}: the profile has no such module`);
    return libs;
  }
}
