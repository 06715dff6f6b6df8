import type { CompiledCode } from '../compiler.js';
import { labelled } from '../profile/code-text.js';
import type { LibIndex } from '../profile/lib-table.js';
import type { Profile } from '../profile/profile.js';
import { LabelledLines } from '../profiler/code-labels.js';
import { hasFunctionsOf } from '../profiler/code-of-profile.js';
import type { CacheOptions } from './cache-options.js';
import { CliError } from './cli-error.js';
import { type CompileCode, otherMachines } from './code-compiler.js';

/** An instruction of WebAssembly, where its machine code begins within the function's. */
export type Instruction = readonly [offset: number, text: string];

/** What of the options of `run` decides which code it makes. */
const OPTIONS = [false, true].flatMap((epochs) => [
  { epochs, fuel: false },
  { epochs, fuel: true },
]);

/**
 * Shows what functions of a profile were compiled from: text format, in the order of the machine code that
 * samples were taken in.
 *
 * A profile has places in machine code, not the code. Its modules are compiled again, and have to come out with
 * the very functions, of the same size at the same place, that the profile saw.
 */
export class Disassembler {
  readonly #modules = new Map<LibIndex, CompiledCode>();

  private constructor() {}

  /**
   * That of a profile's modules at `paths`.
   *
   * @throws CliError for a file that can't be read, isn't a module of the profile, or is compiled to other
   * code here.
   */
  static async of(
    profile: Profile,
    paths: readonly string[],
    compile: CompileCode,
    cache: CacheOptions = {},
  ): Promise<Disassembler> {
    const made = new Disassembler();
    for (const path of paths) {
      const misfits = await made.#addFile(profile, path, compile, cache);
      if (misfits === undefined) throw new CliError(`${path} is no module of the profile`);
      if (misfits > 0) {
        throw new CliError(
          `${path} is compiled to other code here than in the profile: it needs the same version of ` +
            `Wasmtime, options and machine${await otherMachines()}`,
        );
      }
    }
    return made;
  }

  /** How many modules of the profile are the file's, but have other code; undefined when none is the file's. */
  async #addFile(
    profile: Profile,
    path: string,
    compile: CompileCode,
    cache: CacheOptions,
  ): Promise<number | undefined> {
    let left: LibIndex[] | undefined;
    const options = OPTIONS.map((each) => ({ ...each, ...cache }));
    for await (const compiled of compile(path, options)) {
      left ??= [...[...profile.libs].entries()]
        .filter(([, { codeId }]) => compiled.some((code) => isPerhaps(code, codeId)))
        .map(([lib]) => lib);
      if (left.length === 0) return undefined;
      left = left.filter((lib) => !this.#add(profile, lib, compiled));
      if (left.length === 0) return 0;
    }
    return left?.length;
  }

  /** Whether one of the modules is that of the profile. */
  #add(profile: Profile, lib: LibIndex, compiled: readonly CompiledCode[]): boolean {
    const { codeId } = profile.libs.get(lib);
    const same = compiled.find(
      (code) => isPerhaps(code, codeId) && hasFunctionsOf(code.functions(), profile, lib),
    );
    if (same !== undefined) this.#modules.set(lib, same);
    return same !== undefined;
  }

  /** Of the profile's modules, those that there is a file of. */
  get modules(): ReadonlyMap<LibIndex, CompiledCode> {
    return this.#modules;
  }

  /** The instructions of the code of `size` bytes from `start`; undefined where there is no file of its module. */
  instructions(lib: LibIndex, start: number, size: number): readonly Instruction[] | undefined {
    const module = this.#modules.get(lib);
    if (module === undefined) return undefined;
    const { textOffset, wasmOffset } = module.addressMap(start, start + size);
    const { offset, text } = module.disassemble(wasmOffset);
    const rowOf = new Map(Array.from(offset, (at, row) => [at, row]));
    const labels = new LabelledLines(text);
    const shown = (row: number) => labelled(text[row] ?? '', labels.label(row));
    // Code of its own, before that of the first instruction; the head is the first line.
    const instructions: Instruction[] = [[0, shown(0)]];
    let last = 0;
    for (const [entry, at] of textOffset.entries()) {
      const row = rowOf.get(wasmOffset[entry] as number);
      if (row === undefined) continue;
      const line = labels.ofCode(row);
      if (line === last) continue;
      last = line;
      instructions.push([at - start, shown(line)]);
    }
    return instructions;
  }
}

/** Code that was run as it had been compiled before, without its binary, has no hash in a profile. */
function isPerhaps({ sha256 }: CompiledCode, codeId: string | null): boolean {
  return codeId === null || codeId === sha256;
}
