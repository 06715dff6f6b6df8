// Writes what llvm-symbolizer says of places in a guest's code, for test/profiler/llvm.test.ts:
//
//   node scripts/expect-symbols.mjs test/guests/c/parser.wasm > test/guests/c/parser.symbols.json
//
// A JSON object: the offset into the wasm file → functions, innermost first, as `name|file|line|column|first line`.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const LLVM = 19;
/** So many bytes of code between places, or more: without a common factor with the lengths of instructions. */
const STEP = 131;
/** The same for a small module. */
const SMALL_STEP = 7;
const SMALL = 10_000;
const MOST_PLACES = 800;

const wasm = process.argv[2];
const bytes = readFileSync(wasm);
const { start, end } = codeSection(bytes);
const hasDwarf = bytes.includes('.debug_info');
const scratch = mkdtempSync(path.join(tmpdir(), 'expect-symbols-'));
try {
  const asked = path.join(scratch, 'asked.wasm');
  // Without names it tells those of the debug information, where there is some; it takes exports for names. The
  // order of Go's custom sections LLVM doesn't take.
  writeFileSync(asked, hasDwarf ? withoutNames(bytes) : withNamesOnly(bytes));
  // It knows lines by where they are in the code, and names by where they are in the file.
  const base = hasDwarf ? 0 : codeSection(readFileSync(asked)).start;
  const offsets = [];
  const least = end - start < SMALL ? SMALL_STEP : STEP;
  const step = least * Math.ceil((end - start) / least / MOST_PLACES);
  for (let offset = start + 10; offset < end; offset += step) offsets.push(offset);
  const answers = execFileSync(
    `llvm-symbolizer-${LLVM}`,
    [`--obj=${asked}`, '--inlines', '--no-demangle', '--output-style=JSON'],
    {
      input: offsets.map((offset) => `0x${(offset - start + base).toString(16)}\n`).join(''),
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
      [at.FunctionName, at.FileName, at.Line, at.Line === 0 ? 0 : at.Column, at.StartLine].join(
        '|',
      ),
    );
    return found[i].every((at) => (hasDwarf ? at.FileName : at.FunctionName) === '')
      ? []
      : [`"${offset}": ${JSON.stringify(frames)}`];
  });
  console.log(`{\n${lines.join(',\n')}\n}`);
} finally {
  rmSync(scratch, { recursive: true });
}

/** The code section's content: addresses of DWARF count from its start. */
function codeSection(bytes) {
  const code = [...sections(bytes)].find(({ id }) => id === 10);
  if (code === undefined) throw new Error('there is no code section');
  return code;
}

/** A module without custom sections but that of names. */
function withNamesOnly(bytes) {
  return withSections(bytes, (section) => section.id !== 0 || isOfNames(bytes, section));
}

/** A module without exports and names. */
function withoutNames(bytes) {
  return withSections(bytes, (section) => section.id !== 7 && !isOfNames(bytes, section));
}

function isOfNames(bytes, { id, start }) {
  return id === 0 && bytes.subarray(start, start + 5).equals(Buffer.from('\x04name'));
}

function withSections(bytes, isKept) {
  const kept = [...sections(bytes)].filter(isKept);
  return Buffer.concat([
    bytes.subarray(0, 8),
    ...kept.map(({ whole, end }) => bytes.subarray(whole, end)),
  ]);
}

/** Where sections begin as a whole, and where their contents do and end. */
function* sections(bytes) {
  for (let at = 8; at < bytes.length; ) {
    const whole = at;
    const id = bytes[at++];
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      size += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    yield { id, whole, start: at, end: at + size };
    at += size;
  }
}
