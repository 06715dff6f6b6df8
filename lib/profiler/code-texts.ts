/** The texts of functions without source lines, which a profile's page shows instead. */

import type { CompiledCode } from '../compiler.js';
import type { CodeLine, CodeText } from '../profile/code-text.js';
import { UNKNOWN_LINE } from '../profile/func-table.js';
import type { LibIndex } from '../profile/lib-table.js';
import { type NativeSymbolIndex, NO_NATIVE_SYMBOL } from '../profile/native-symbol-table.js';
import type { Profile } from '../profile/profile.js';
import { weighStacks } from '../profile/sample-weight.js';
import { NO_SOURCE } from '../profile/source-table.js';
import { NO_STACK } from '../profile/stack-table.js';
import { functionText } from './function-text.js';

/** Characters of all texts together. */
const LARGEST_TEXT = 2 ** 21;
/** With less room than this nothing more is looked at. */
const LEAST_TEXT = LARGEST_TEXT / 50;
/** Functions that are looked at, the hottest first: each takes up to some ten milliseconds. */
const MOST_FUNCTIONS = 100;
/** Lines that are kept before and after each with samples: as many as there is room for. */
const AROUND = [Infinity, 50, 5];

/**
 * Adds to a profile the text of those functions of its modules that samples saw and of which no line of source is
 * known: of the hottest, until there are some 2 million characters. Of a long function what is around its samples.
 */
export function addCodeTexts(profile: Profile, modules: ReadonlyMap<LibIndex, CompiledCode>): void {
  const { nativeSymbols } = profile;
  const addresses = sampledAddresses(profile);
  let room = LARGEST_TEXT;
  for (const symbol of hottestFirst(profile, addresses).slice(0, MOST_FUNCTIONS)) {
    if (room < LEAST_TEXT) break;
    const module = modules.get(nativeSymbols.lib.get(symbol));
    if (module?.hasBinary !== true) continue;
    const start = nativeSymbols.address.get(symbol);
    const end = start + nativeSymbols.functionSize.get(symbol);
    const whole = functionText(module, start, end, addresses.get(symbol) ?? []);
    const fitting = AROUND.map((lines) => around(whole, lines)).find(
      (text) => text.lines.length > 0 && charactersOf(text) <= room,
    );
    if (fitting === undefined) continue;
    room -= charactersOf(fitting);
    profile.codeTexts.set(symbol, fitting);
  }
}

/** By function, without those of which a line of source is known. */
function sampledAddresses({ frames, funcs }: Profile): Map<NativeSymbolIndex, Set<number>> {
  const found = new Map<NativeSymbolIndex, Set<number>>();
  const withLines = new Set<NativeSymbolIndex>();
  for (let frame = 0; frame < frames.length; frame++) {
    const symbol = frames.nativeSymbol.get(frame);
    if (symbol === NO_NATIVE_SYMBOL) continue;
    const hasLine = frames.line.get(frame) !== UNKNOWN_LINE;
    if (hasLine && funcs.source.get(frames.func.get(frame)) !== NO_SOURCE) withLines.add(symbol);
    const known = found.get(symbol);
    if (known === undefined) found.set(symbol, new Set([frames.address.get(frame)]));
    else known.add(frames.address.get(frame));
  }
  for (const symbol of withLines) found.delete(symbol);
  return found;
}

/** Those that ran themselves in most samples first, then those that called. */
function hottestFirst(
  profile: Profile,
  addresses: ReadonlyMap<NativeSymbolIndex, unknown>,
): NativeSymbolIndex[] {
  const { frames, stacks } = profile;
  const self = new Map<NativeSymbolIndex, number>([...addresses.keys()].map((key) => [key, 0]));
  for (const thread of profile.threads) {
    const { stacks: seen, weights } = weighStacks(profile, thread, 'samples');
    for (const [i, stack] of seen.entries()) {
      const symbol = stack === NO_STACK ? stack : frames.nativeSymbol.get(stacks.frame.get(stack));
      const known = self.get(symbol);
      if (known !== undefined) self.set(symbol, known + (weights[i] as number));
    }
  }
  return [...self].sort(([a, less], [b, more]) => more - less || a - b).map(([symbol]) => symbol);
}

/** The head, and the lines that are at most so many away from one with samples. */
function around({ lines, lineOf }: CodeText, most: number): CodeText {
  if (lines.length === 0 || most >= lines.length) return { lines, lineOf };
  const kept = new Set<CodeLine>(lines.slice(0, 1));
  for (const line of new Set(lineOf.values())) {
    for (const near of lines.slice(Math.max(0, line - 1 - most), line + most)) kept.add(near);
  }
  return { lines: [...kept].sort((a, b) => a.line - b.line), lineOf };
}

function charactersOf({ lines }: CodeText): number {
  return lines.reduce((sum, { text }) => sum + text.length, 0);
}
