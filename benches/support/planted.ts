/** Sections of a binary, by number. */
const SECTION = { custom: 0, type: 1, imports: 2, functions: 3, code: 10 } as const;
/** Of numbers whose size must not depend on their value. */
const PADDED = 5;
const I32 = 0x7f;

/**
 * A binary in which each call of `name` first counts down from `rounds`, and without debug information, which would no
 * longer fit. Two binaries that differ in `rounds` alone have the same instructions at the same places.
 */
export function withDelay(wasm: Uint8Array, name: string, rounds: number): Uint8Array {
  const sections = sectionsOf(wasm);
  const body = (id: number) => sections.find((section) => section.id === id)?.body;
  const imported = importedTypes(body(SECTION.imports));
  const index = indexOf(sections, name);
  const types = [...imported, ...vector(body(SECTION.functions), (bytes) => bytes.number())];
  const params = vector(body(SECTION.type), (bytes) => functionType(bytes))[types[index] as number];
  const parts: Uint8Array[] = [wasm.subarray(0, 8)];
  for (const { id, body, customName } of sections) {
    if (customName.startsWith('.debug')) continue;
    const written =
      id === SECTION.code ? delayed(body, index - imported.length, params ?? 0, rounds) : body;
    parts.push(Uint8Array.of(id), padded(written.length), written);
  }
  return Buffer.concat(parts);
}

function delayed(code: Uint8Array, at: number, params: number, rounds: number): Uint8Array {
  const bodies = vector(code, (bytes) => bytes.take(bytes.number()));
  const changed = bodies.map((body, i) => {
    const written = i === at ? withCountdown(body, params, rounds) : body;
    return Buffer.concat([padded(written.length), written]);
  });
  return Buffer.concat([padded(bodies.length), ...changed]);
}

function withCountdown(body: Uint8Array, params: number, rounds: number): Uint8Array {
  const bytes = new Bytes(body);
  const groups = bytes.number();
  const start = bytes.at;
  let locals = params;
  for (let i = 0; i < groups; i++) {
    locals += bytes.number();
    bytes.number();
  }
  const local = padded(locals);
  return Buffer.concat([
    padded(groups + 1),
    body.subarray(start, bytes.at),
    Uint8Array.of(1, I32),
    // i32.const rounds, local.set; loop: local.get, i32.const 1, i32.sub, local.tee, br_if 0; end
    ...[Uint8Array.of(0x41), padded(rounds), Uint8Array.of(0x21), local, Uint8Array.of(0x03, 0x40)],
    ...[Uint8Array.of(0x20), local, Uint8Array.of(0x41, 1, 0x6b, 0x22), local],
    Uint8Array.of(0x0d, 0, 0x0b),
    body.subarray(bytes.at),
  ]);
}

interface Section {
  readonly id: number;
  readonly body: Uint8Array;
  /** Empty for sections that are none of the custom ones. */
  readonly customName: string;
}

function sectionsOf(wasm: Uint8Array): Section[] {
  const bytes = new Bytes(wasm, 8);
  const sections: Section[] = [];
  while (!bytes.isAtEnd) {
    const id = bytes.byte();
    const body = bytes.take(bytes.number());
    const customName = id === SECTION.custom ? new Bytes(body).text() : '';
    sections.push({ id, body, customName });
  }
  return sections;
}

/** The number of the function that the name section calls so. */
function indexOf(sections: readonly Section[], name: string): number {
  const section = sections.find(({ customName }) => customName === 'name');
  const bytes = new Bytes(section?.body ?? new Uint8Array(1));
  bytes.text();
  while (!bytes.isAtEnd) {
    const kind = bytes.byte();
    const body = bytes.take(bytes.number());
    if (kind !== 1) continue;
    const found = vector(body, (bytes) => ({ index: bytes.number(), name: bytes.text() })).find(
      (entry) => entry.name === name,
    );
    if (found !== undefined) return found.index;
  }
  throw new Error(`the binary has no function ${name}`);
}

/** Types of imported functions. */
function importedTypes(body: Uint8Array | undefined): number[] {
  return vector(body, (bytes) => {
    bytes.text();
    bytes.text();
    if (bytes.byte() !== 0) throw new Error('expected imports of functions alone');
    return bytes.number();
  });
}

/** How many parameters a function of a type has. */
function functionType(bytes: Bytes): number {
  bytes.byte();
  const params = bytes.number();
  bytes.take(params);
  bytes.take(bytes.number());
  return params;
}

function vector<T>(body: Uint8Array | undefined, read: (bytes: Bytes) => T): T[] {
  if (body === undefined) return [];
  const bytes = new Bytes(body);
  return Array.from({ length: bytes.number() }, () => read(bytes));
}

/** A number in LEB128, always as long. */
function padded(value: number): Uint8Array {
  return Uint8Array.from({ length: PADDED }, (_, i) =>
    i === PADDED - 1 ? (value >>> (7 * i)) & 0x0f : ((value >>> (7 * i)) & 0x7f) | 0x80,
  );
}

/** Reads one thing of a binary after the other. */
class Bytes {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  byte(): number {
    return this.#bytes[this.at++] ?? 0;
  }

  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  take(length: number): Uint8Array {
    const bytes = this.#bytes.subarray(this.at, this.at + length);
    this.at += length;
    return bytes;
  }

  text(): string {
    return Buffer.from(this.take(this.number())).toString();
  }
}
