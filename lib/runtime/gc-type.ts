import type { NativeGcType } from '../generated/native.js';
import { native, SLOT_COUNT } from '../native.js';
import { checkArray, checkBoolean, checkObject, checkOneOf } from './check.js';
import { Engine } from './engine.js';
import { misuse, outOfRange, wrongType } from './errors.js';
import { guardReceivers, isObject } from './internal.js';
import { VAL_TYPES, type ValType } from './types.js';

/** What a field holds: a value, or an integer of 8 or 16 bits. Mirrors `wasmtime::StorageType`. */
export type StorageType = 'i8' | 'i16' | ValType;

/**
 * A field of a struct, or the elements of an array; a type stands for a nullable reference to an object
 * of it. Mirrors `wasmtime::FieldType`.
 */
export interface FieldType {
  /** What the field holds. */
  readonly content: StorageType | StructType | ArrayType;
  /** Whether it can be set once the object was made. */
  readonly mutable: boolean;
}

/** A field's type as Wasmtime reports it: types are their text format's names. */
export interface ReportedFieldType {
  /** The name of a storage type. */
  readonly content: string;
  /** Whether it can be set once the object was made. */
  readonly mutable: boolean;
}

const STORAGE_TYPES = ['i8', 'i16', ...VAL_TYPES] as const;

/**
 * The type of structs: equal to any of a guest's with the same fields. Mirrors `wasmtime::StructType`.
 *
 * @example
 * ```js
 * import { Engine, StructType } from 'wasmtime-guest-profiler';
 *
 * const engine = new Engine({ wasmGc: true });
 * const point = new StructType(engine, [{ content: 'i32', mutable: false }, { content: 'i32', mutable: false }]);
 * console.log(point.fields.length); // 2
 * ```
 */
export class StructType {
  /** The engine whose stores may have such structs. */
  readonly engine: Engine;
  /** In order of their indices. */
  readonly fields: readonly ReportedFieldType[];
  readonly #native: NativeGcType;

  /**
   * Mirrors `StructType::new`.
   *
   * @throws TypeError for what is no field, RangeError for more than 1,000; WasmtimeError when
   * Wasmtime refuses the type.
   */
  constructor(engine: Engine, fields: readonly FieldType[]) {
    const nativeEngine = Engine.native('engine', engine);
    if (fields instanceof native.NativeGcType) {
      this.#native = fields;
    } else {
      const checked = checkArray('fields', fields).map((field, i) =>
        checkField(`fields[${i}]`, engine, field),
      );
      if (checked.length > SLOT_COUNT) {
        throw outOfRange('fields', `at most ${SLOT_COUNT} fields`, checked.length);
      }
      this.#native = native.NativeGcType.structure(
        nativeEngine,
        checked.map(({ content }) => content),
        checked.map(({ mutable }) => mutable),
      );
    }
    this.engine = engine;
    this.fields = this.#native.fields();
  }

  /** Whether this is `other` or a subtype of it. Mirrors `StructType::matches`. */
  matches(other: StructType): boolean {
    return this.#native.matches(StructType.native('other', this.engine, other));
  }

  /** @internal */
  static native(what: string, engine: Engine, type: StructType): NativeGcType {
    if (!StructType.is(type)) throw wrongType(what, 'a StructType', type);
    return sameEngine(engine, type.engine, type.#native);
  }

  /** @internal */
  static is(value: unknown): value is StructType {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(StructType, (value) => #native in value);
  }
}

/**
 * The type of arrays. Mirrors `wasmtime::ArrayType`.
 *
 * @example
 * ```js
 * import { ArrayType, Engine } from 'wasmtime-guest-profiler';
 *
 * const engine = new Engine({ wasmGc: true });
 * const bytes = new ArrayType(engine, { content: 'i8', mutable: true });
 * console.log(bytes.matches(bytes)); // true
 * ```
 */
export class ArrayType {
  /** The engine whose stores may have such arrays. */
  readonly engine: Engine;
  /** Of all its elements. */
  readonly element: ReportedFieldType;
  readonly #native: NativeGcType;

  /**
   * Mirrors `ArrayType::new`.
   *
   * @throws TypeError for what is no field.
   */
  constructor(engine: Engine, element: FieldType) {
    const nativeEngine = Engine.native('engine', engine);
    if (element instanceof native.NativeGcType) {
      this.#native = element;
    } else {
      const { content, mutable } = checkField('element', engine, element);
      this.#native = native.NativeGcType.array(nativeEngine, content, mutable);
    }
    this.engine = engine;
    this.element = this.#native.fields()[0] as ReportedFieldType;
  }

  /** Whether this is `other` or a subtype of it. Mirrors `ArrayType::matches`. */
  matches(other: ArrayType): boolean {
    return this.#native.matches(ArrayType.native('other', this.engine, other));
  }

  /** @internal */
  static native(what: string, engine: Engine, type: ArrayType): NativeGcType {
    if (!ArrayType.is(type)) throw wrongType(what, 'an ArrayType', type);
    return sameEngine(engine, type.engine, type.#native);
  }

  /** @internal */
  static is(value: unknown): value is ArrayType {
    return isObject(value) && #native in value;
  }

  static {
    guardReceivers(ArrayType, (value) => #native in value);
  }
}

/** @internal The value type that a field's content has outside of the object. */
export function unpack(content: string): ValType {
  return content === 'i8' || content === 'i16' ? 'i32' : (content as ValType);
}

function checkField(
  what: string,
  engine: Engine,
  field: unknown,
): { content: string | NativeGcType; mutable: boolean } {
  const { content, mutable } = checkObject(what, field);
  return {
    content: checkContent(`${what}.content`, engine, content),
    mutable: checkBoolean(`${what}.mutable`, mutable),
  };
}

function checkContent(what: string, engine: Engine, content: unknown): string | NativeGcType {
  if (StructType.is(content)) return StructType.native(what, engine, content);
  if (ArrayType.is(content)) return ArrayType.native(what, engine, content);
  return checkOneOf(what, content, STORAGE_TYPES);
}

function sameEngine<T>(engine: Engine, owner: Engine, type: T): T {
  if (engine !== owner) throw misuse('ERR_WRONG_ENGINE', 'the type belongs to another engine');
  return type;
}
