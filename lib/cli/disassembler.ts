import type { NativeCode } from '../generated/native.js';
import type { LibIndex } from '../profile/lib-table.js';
import type { Profile } from '../profile/profile.js';
import { Component } from '../runtime/component/component.js';
import type { Config } from '../runtime/config.js';
import { Engine } from '../runtime/engine.js';
import { Module } from '../runtime/module.js';
import { CliError } from './cli-error.js';
import { loadCode } from './guest.js';

/** An instruction of WebAssembly, where its machine code begins within the function's. */
export type Instruction = readonly [offset: number, text: string];

/** The engines whose code `run` may have made. */
const CONFIGS = [{ consumeFuel: false }, { consumeFuel: true }];

/**
 * Shows what functions of a profile were compiled from: text format, in the order of the machine code that
 * samples were taken in.
 *
 * A profile has places in machine code, not the code. Its modules are compiled again, and have to come out with
 * the very functions, of the same size at the same place, that the profile saw.
 */
export class Disassembler {
  readonly #modules = new Map<LibIndex, NativeCode>();

  /**
   * @throws CliError for a file that can't be read, isn't a module of the profile, or is compiled to other
   * code here.
   */
  constructor(profile: Profile, paths: readonly string[]) {
    for (const path of paths) {
      const compiled = CONFIGS.flatMap((config) => compile(path, config));
      const hashes = new Set(compiled.map(({ sha256 }) => sha256));
      const libs = [...[...profile.libs].entries()].filter(
        ([, { codeId }]) => codeId !== null && hashes.has(codeId),
      );
      if (libs.length === 0) throw new CliError(`${path} is no module of the profile`);
      for (const [lib, { codeId }] of libs) {
        const same = compiled.find(
          (code) => code.sha256 === codeId && hasFunctionsOf(code, profile, lib),
        );
        if (same === undefined) {
          throw new CliError(
            `${path} is compiled to other code here than in the profile: it needs the same version of ` +
              'Wasmtime, options and machine',
          );
        }
        this.#modules.set(lib, same);
      }
    }
  }

  /** The instructions of the code of `size` bytes from `start`; undefined where there is no file of its module. */
  instructions(lib: LibIndex, start: number, size: number): readonly Instruction[] | undefined {
    const module = this.#modules.get(lib);
    if (module === undefined) return undefined;
    const { textOffset, wasmOffset } = module.addressMap(start, start + size);
    const { offset, text } = module.disassemble(wasmOffset);
    const textOf = new Map(Array.from(offset, (at, line) => [at, text[line] as string]));
    // Code of its own, before that of the first instruction; the head is the first line.
    const instructions: Instruction[] = [[0, text[0] ?? '']];
    let last = offset[0];
    for (const [row, at] of textOffset.entries()) {
      const place = wasmOffset[row] as number;
      if (place === last) continue;
      last = place;
      const line = textOf.get(place);
      if (line !== undefined) instructions.push([at - start, line]);
    }
    return instructions;
  }
}

/** The module, or the modules of the component, as one of the engines makes it. */
function compile(path: string, config: Config): NativeCode[] {
  const engine = new Engine({ ...config, epochInterruption: true });
  const code = loadCode(engine, path);
  return code instanceof Module
    ? [Module.native('module', code).code()]
    : Component.native('component', code).code();
}

/** Whether all functions that a profile saw of a module are there. */
function hasFunctionsOf(module: NativeCode, profile: Profile, lib: LibIndex): boolean {
  const { nativeSymbols } = profile;
  const { offset, length } = module.functions();
  const sizeAt = new Map(Array.from(offset, (at, row) => [at, length[row]]));
  for (let row = 0; row < nativeSymbols.length; row++) {
    if (nativeSymbols.lib.get(row) !== lib) continue;
    const size = sizeAt.get(nativeSymbols.address.get(row));
    if (size !== nativeSymbols.functionSize.get(row)) return false;
  }
  return true;
}
