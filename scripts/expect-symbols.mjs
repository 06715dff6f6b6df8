// Writes what llvm-symbolizer says of places in a guest's code, for test/profiler/llvm.test.ts:
//
//   node scripts/expect-symbols.mjs test/guests/c/parser.wasm > test/guests/c/parser.symbols.json
//
// A JSON object: the offset into the wasm file → functions, innermost first, as `name|file|line|column`.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const LLVM = 19;
/** Every so many bytes of code: a number without a common factor with the lengths of instructions. */
const STEP = 131;

const wasm = process.argv[2];
const { start, end } = codeSection(readFileSync(wasm));
const scratch = mkdtempSync(path.join(tmpdir(), 'expect-symbols-'));
try {
  // Without names it tells those of the debug information: the name section's are another matter.
  const nameless = path.join(scratch, 'nameless.wasm');
  execFileSync(`llvm-objcopy-${LLVM}`, ['--remove-section=name', wasm, nameless]);
  const offsets = [];
  for (let offset = start + 10; offset < end; offset += STEP) offsets.push(offset);
  const answers = execFileSync(
    `llvm-symbolizer-${LLVM}`,
    [`--obj=${nameless}`, '--inlines', '--no-demangle', '--output-style=JSON'],
    {
      input: offsets.map((offset) => `0x${(offset - start).toString(16)}\n`).join(''),
      maxBuffer: 2 ** 30,
    },
  );
  const found = answers
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).Symbol);
  const lines = offsets.flatMap((offset, i) => {
    const frames = found[i].map((at) =>
      // A column without a line, which llvm-symbolizer passes on, is no place.
      [at.FunctionName, at.FileName, at.Line, at.Line === 0 ? 0 : at.Column].join('|'),
    );
    return found[i].every((at) => at.FileName === '')
      ? []
      : [`"${offset}": ${JSON.stringify(frames)}`];
  });
  console.log(`{\n${lines.join(',\n')}\n}`);
} finally {
  rmSync(scratch, { recursive: true });
}

/** The code section's content: addresses of DWARF count from its start. */
function codeSection(bytes) {
  for (let at = 8; at < bytes.length; ) {
    const id = bytes[at++];
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      size += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    if (id === 10) return { start: at, end: at + size };
    at += size;
  }
  throw new Error('there is no code section');
}
