import { UNKNOWN_LINE } from '../profile/func-table.js';
import { NO_NATIVE_SYMBOL, UNKNOWN_SIZE } from '../profile/native-symbol-table.js';
import type { Profile } from '../profile/profile.js';
import { NO_SOURCE } from '../profile/source-table.js';
import { NO_STACK } from '../profile/stack-table.js';
import type { JsonBytes } from './json-bytes.js';
import { columnsOf, writeColumn, writeTable } from './json-table.js';

/** The tables that all threads refer to: `shared` in version 70 of the format; see `firefox.ts`. */
export function* writeShared(out: JsonBytes, profile: Profile): Generator<Uint8Array> {
  const { stacks, frames, funcs, resources, nativeSymbols, sources } = profile;
  const { ints, intsOrNull, computed, all } = columnsOf(out);
  const strings = [...profile.strings];

  out.raw('"stringArray":');
  yield* writeColumn(out, strings.length, (row) => out.value(strings[row]));

  out.raw(',"stackTable":');
  yield* writeTable(out, stacks.length, {
    frame: ints(stacks.frame),
    prefixOffset: computed(stacks.length, (from, to) => {
      const offsets = stacks.prefix.rows(from, to).slice();
      for (let i = 0; i < offsets.length; i++) {
        const prefix = offsets[i] as number;
        offsets[i] = prefix === NO_STACK ? 0 : from + i - prefix;
      }
      return offsets;
    }),
  });

  out.raw(',"frameTable":');
  yield* writeTable(out, frames.length, {
    address: ints(frames.address),
    lib: ints(frames.lib),
    inlineDepth: ints(frames.inlineDepth),
    category: ints(frames.category),
    subcategory: ints(frames.subcategory),
    func: ints(frames.func),
    nativeSymbol: intsOrNull(frames.nativeSymbol, NO_NATIVE_SYMBOL),
    innerWindowID: all('0'),
    line: intsOrNull(frames.line, UNKNOWN_LINE),
    column: intsOrNull(frames.column, UNKNOWN_LINE),
    originalLocation: all('null'),
  });

  out.raw(',"funcTable":');
  yield* writeTable(out, funcs.length, {
    name: ints(funcs.name),
    isJS: all('false'),
    relevantForJS: all('false'),
    resource: ints(funcs.resource),
    source: intsOrNull(funcs.source, NO_SOURCE),
    lineNumber: intsOrNull(funcs.line, UNKNOWN_LINE),
    columnNumber: intsOrNull(funcs.column, UNKNOWN_LINE),
    originalLocation: all('null'),
  });

  out.raw(',"resourceTable":');
  yield* writeTable(out, resources.length, {
    name: ints(resources.name),
    host: all('null'),
    type: ints(resources.type),
  });

  out.raw(',"nativeSymbols":');
  yield* writeTable(out, nativeSymbols.length, {
    libIndex: ints(nativeSymbols.lib),
    address: ints(nativeSymbols.address),
    name: ints(nativeSymbols.name),
    functionSize: intsOrNull(nativeSymbols.functionSize, UNKNOWN_SIZE),
  });

  out.raw(',"sources":');
  yield* writeTable(out, sources.length, {
    id: all('null'),
    filename: ints(sources.filename),
    startLine: all('1'),
    startColumn: all('1'),
    sourceMapURL: all('null'),
    content: (row) => out.value(sources.content(row) ?? null),
  });

  // Only for source maps; the table must be there.
  out.raw(',"sourceLocationTable":{"length":0,"source":[],"line":[],"column":[]}');
}
