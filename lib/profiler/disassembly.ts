import type { CompiledCode } from '../compiler.js';
import type { NativeFunctions } from '../generated/native.js';
import type { CodeLabel, CodeLine } from '../profile/code-text.js';
import type { LibIndex } from '../profile/lib-table.js';
import { type NativeSymbolIndex, NO_NATIVE_SYMBOL } from '../profile/native-symbol-table.js';
import type { Profile } from '../profile/profile.js';
import { weighStacks } from '../profile/sample-weight.js';
import { NO_STACK } from '../profile/stack-table.js';
import type { Thread } from '../profile/thread.js';
import { misuse } from '../runtime/errors.js';
import { hasFunctionsOf } from './code-of-profile.js';
import { functionText } from './function-text.js';
import { findRow } from './rows.js';

/** A line of a function in text format, and how often samples saw its instruction. */
export interface DisassembledLine {
  /** Where the instruction begins, in bytes from the start of the wasm file. */
  readonly wasmOffset: number;
  /** WebAssembly's text format, indented by two spaces a level. */
  readonly text: string;
  /** Samples in which it ran itself. */
  readonly selfSamples: number;
  /** Samples in which it ran, or what it called: once each, however often it recursed. */
  readonly totalSamples: number;
  /**
   * What its samples are of, apart from instructions: code of the function's entry, of a loop's check, or of the
   * function's end. Absent for other lines.
   */
  readonly label?: CodeLabel;
}

/** A compiled function in text format. What the guest's compiler inlined into it is a part of it. */
export interface DisassembledFunction {
  /** As in the profile. */
  readonly name: string;
  /** In the module's function index space, imports first. */
  readonly index: number;
  /** Samples in which it ran itself. */
  readonly selfSamples: number;
  /** The first is its head, which has the samples of the function's entry: its frame and its checks. */
  readonly lines: readonly DisassembledLine[];
}

/** A module that may be in a profile. */
export interface ShownCode {
  /** As in the profile. */
  readonly name: string;
  /** With its binary, where that is to be had. */
  whole(warn: (warning: string) => void): CompiledCode;
}

/** How often samples saw the addresses of a function: text offsets. */
interface AddressCounts {
  readonly self: Map<number, number>;
  /** Those of a stack, the innermost first, and the samples that saw it. */
  readonly stacks: { addresses: number[]; samples: number }[];
}

/**
 * The functions of a module, or of a component's modules, that ran themselves in most samples, at most `limit`,
 * hottest first.
 *
 * @throws TypeError `ERR_WRONG_MODULE` when the profile is of none of them, or they were compiled otherwise,
 * `ERR_NO_BINARY` for one without its binary.
 */
export function disassemble(
  profile: Profile,
  threads: readonly Thread[],
  listed: readonly ShownCode[],
  limit: number,
): DisassembledFunction[] {
  const found: DisassembledFunction[] = [];
  const misfits: unknown[] = [];
  for (const code of listed) {
    try {
      found.push(...disassembleModule(profile, threads, code, limit));
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_WRONG_MODULE') throw error;
      misfits.push(error);
    }
  }
  if (misfits.length > 0 && misfits.length === listed.length) throw misfits[0];
  return found.sort((a, b) => b.selfSamples - a.selfSamples).slice(0, limit);
}

function disassembleModule(
  profile: Profile,
  threads: readonly Thread[],
  listed: ShownCode,
  limit: number,
): DisassembledFunction[] {
  const warnings: string[] = [];
  const native = listed.whole((warning) => warnings.push(warning));
  const { name } = listed;
  if (!native.hasBinary) {
    const why = warnings[0] ?? 'it was compiled elsewhere, and its option wasm takes the file';
    throw misuse('ERR_NO_BINARY', `the module ${name} has no binary to show: ${why}`);
  }
  const functions = native.functions();
  const counts = countsOf(profile, threads, libOf(profile, name, functions));
  const selfOf = ({ self }: AddressCounts) => [...self.values()].reduce((sum, n) => sum + n, 0);
  return [...counts]
    .map(([symbol, counted]) => ({ symbol, counted, selfSamples: selfOf(counted) }))
    .sort((a, b) => b.selfSamples - a.selfSamples || a.symbol - b.symbol)
    .slice(0, limit)
    .map(({ symbol, counted, selfSamples }) => {
      const { nativeSymbols, strings } = profile;
      const start = nativeSymbols.address.get(symbol);
      const index = functions.index[findRow(functions.offset, start)] as number;
      const lines = linesOf(native, start, start + nativeSymbols.functionSize.get(symbol), counted);
      return { name: strings.get(nativeSymbols.name.get(symbol)), index, selfSamples, lines };
    });
}

/** The profile's library that has the compiled `functions`. */
function libOf(profile: Profile, name: string, functions: NativeFunctions): LibIndex {
  const lib = [...profile.libs].findIndex(
    (lib, row) => lib.name === name && hasFunctionsOf(functions, profile, row),
  );
  if (lib >= 0) return lib;
  const why = 'it needs the same binary, compiled by an engine of the same configuration';
  throw misuse('ERR_WRONG_MODULE', `the profile has no samples of this module ${name}: ${why}`);
}

/** By compiled function. */
function countsOf(
  profile: Profile,
  threads: readonly Thread[],
  lib: LibIndex,
): Map<NativeSymbolIndex, AddressCounts> {
  const { stacks, frames } = profile;
  const found = new Map<NativeSymbolIndex, AddressCounts>();
  for (const thread of threads) {
    const weighed = weighStacks(profile, thread, 'samples');
    for (const [i, stack] of weighed.stacks.entries()) {
      const samples = weighed.weights[i] as number;
      const bySymbol = new Map<NativeSymbolIndex, number[]>();
      for (let row = stack; row !== NO_STACK; row = stacks.prefix.get(row)) {
        const frame = stacks.frame.get(row);
        const symbol = frames.nativeSymbol.get(frame);
        if (symbol === NO_NATIVE_SYMBOL || frames.lib.get(frame) !== lib) continue;
        const address = frames.address.get(frame);
        const counts = found.get(symbol) ?? { self: new Map(), stacks: [] };
        found.set(symbol, counts);
        if (row === stack) counts.self.set(address, (counts.self.get(address) ?? 0) + samples);
        const own = bySymbol.get(symbol);
        if (own === undefined) bySymbol.set(symbol, [address]);
        else own.push(address);
      }
      for (const [symbol, addresses] of bySymbol) {
        found.get(symbol)?.stacks.push({ addresses, samples });
      }
    }
  }
  return found;
}

/** The lines of the function whose code is at `start` to `end`. */
function linesOf(
  native: CompiledCode,
  start: number,
  end: number,
  { self, stacks }: AddressCounts,
): DisassembledLine[] {
  const addresses = new Set(stacks.flatMap(({ addresses }) => addresses));
  const { lines, lineOf } = functionText(native, start, end, addresses);
  const selfSamples = new Float64Array(lines.length);
  for (const [address, samples] of self) add(selfSamples, lineOf.get(address), samples);
  const totalSamples = new Float64Array(lines.length);
  for (const { addresses, samples } of stacks) {
    const seen = new Set(addresses.map((address) => lineOf.get(address)));
    for (const line of seen) add(totalSamples, line, samples);
  }
  return lines.map(({ wasmOffset, text, label }: CodeLine, i) => ({
    wasmOffset,
    text,
    selfSamples: selfSamples[i] as number,
    totalSamples: totalSamples[i] as number,
    ...(label !== undefined && { label }),
  }));
}

function add(counts: Float64Array, line: number | undefined, samples: number): void {
  if (line !== undefined) counts[line - 1] = (counts[line - 1] as number) + samples;
}
