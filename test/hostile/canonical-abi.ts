// The canonical ABI's loads, by its specification, as a model of what a guest's values are.
import { ARRAYS } from '../runtime/component/support.js';

const SCALARS = {
  bool: 1,
  u8: 1,
  s8: 1,
  u16: 2,
  s16: 2,
  u32: 4,
  s32: 4,
  u64: 8,
  s64: 8,
  f32: 4,
  f64: 8,
  char: 4,
} as const;

/** Numbers, characters and booleans. */
export type Scalar = keyof typeof SCALARS;
export const SCALAR_KINDS = Object.keys(SCALARS) as Scalar[];

export type Type =
  | { kind: Scalar | 'string' }
  | { kind: 'list' | 'option'; element: Type }
  | { kind: 'tuple'; types: Type[] };

/** What a guest must be refused for. */
export class Refused extends Error {}

function isNumber(kind: string): kind is keyof typeof ARRAYS {
  return kind in ARRAYS;
}

export function isScalar(type: Type): type is { kind: Scalar } {
  return type.kind in SCALARS;
}

/** In the text format of components. */
export function text(type: Type): string {
  if ('element' in type) return `(${type.kind} ${text(type.element)})`;
  return 'types' in type ? `(tuple ${type.types.map(text).join(' ')})` : type.kind;
}

export function alignment(type: Type): number {
  if (isScalar(type)) return SCALARS[type.kind];
  if (type.kind === 'option') return alignment(type.element);
  return type.kind === 'tuple' ? Math.max(...type.types.map(alignment)) : 4;
}

export function size(type: Type): number {
  if (isScalar(type)) return SCALARS[type.kind];
  if (type.kind === 'option') {
    return alignTo(alignTo(1, alignment(type)) + size(type.element), alignment(type));
  }
  if (type.kind !== 'tuple') return 8;
  const end = type.types.reduce((at, part) => alignTo(at, alignment(part)) + size(part), 0);
  return alignTo(end, alignment(type));
}

function alignTo(at: number, align: number): number {
  return Math.ceil(at / align) * align;
}

/** A guest's memory, of which no more than so many bytes are read, as often as they are. */
export class Memory {
  readonly #view: DataView;
  #budget: number;

  constructor(
    readonly bytes: Uint8Array<ArrayBuffer>,
    budget: number,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#budget = budget;
  }

  /** Whether more was asked for than there may be. */
  get isSpent(): boolean {
    return this.#budget < 0;
  }

  /** @throws Refused when a guest may not give that. */
  load(type: Type, at: number): unknown {
    const view = this.#view;
    switch (type.kind) {
      case 'bool':
        return view.getUint8(at) !== 0;
      case 'u8':
        return view.getUint8(at);
      case 's8':
        return view.getInt8(at);
      case 'u16':
        return view.getUint16(at, true);
      case 's16':
        return view.getInt16(at, true);
      case 'u32':
        return view.getUint32(at, true);
      case 's32':
        return view.getInt32(at, true);
      case 'u64':
        return view.getBigUint64(at, true);
      case 's64':
        return view.getBigInt64(at, true);
      case 'f32':
        return view.getFloat32(at, true);
      case 'f64':
        return view.getFloat64(at, true);
      case 'char': {
        const code = view.getUint32(at, true);
        if (code > 0x10_ffff || (code >= 0xd800 && code < 0xe000))
          throw new Refused('no character');
        return String.fromCodePoint(code);
      }
      case 'string':
        return this.#text(view.getUint32(at, true), view.getUint32(at + 4, true));
      case 'list':
        return this.list(type.element, view.getUint32(at, true), view.getUint32(at + 4, true));
      case 'option': {
        const which = view.getUint8(at);
        if (which > 1) throw new Refused('no case of an option');
        if (which === 0) return type.element.kind === 'option' ? { tag: 'none' } : undefined;
        const value = this.load(type.element, at + alignTo(1, alignment(type)));
        return type.element.kind === 'option' ? { tag: 'some', val: value } : value;
      }
      case 'tuple': {
        let offset = 0;
        return type.types.map((part) => {
          offset = alignTo(offset, alignment(part));
          const value = this.load(part, at + offset);
          offset += size(part);
          return value;
        });
      }
    }
  }

  list(element: Type, pointer: number, length: number): unknown {
    this.#check(pointer, length * size(element));
    if (pointer % alignment(element) !== 0) throw new Refused('not aligned');
    if (isNumber(element.kind)) {
      const Numbers = ARRAYS[element.kind];
      return new Numbers(this.bytes.slice(pointer, pointer + length * size(element)).buffer);
    }
    const values: unknown[] = [];
    for (let i = 0; i < length && !this.isSpent; i++) {
      values.push(this.load(element, pointer + i * size(element)));
    }
    return values;
  }

  #text(pointer: number, length: number): string {
    this.#check(pointer, length);
    const bytes = this.bytes.subarray(pointer, pointer + length);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw new Refused('no UTF-8');
    }
  }

  #check(pointer: number, length: number): void {
    if (pointer + length > this.bytes.length) throw new Refused('outside of memory');
    this.#budget -= length + 8;
  }
}
