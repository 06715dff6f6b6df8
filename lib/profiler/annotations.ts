import { CATEGORY_COLORS, type CategoryColor } from '../profile/category.js';
import type { Counter } from '../profile/counter.js';
import {
  type MarkerField,
  type MarkerSchema,
  NUMBER_FORMATS,
  type NumberFormat,
} from '../profile/marker-schema.js';
import type { MarkerKind } from '../profile/marker-table.js';
import type { Profile } from '../profile/profile.js';
import type { Milliseconds } from '../profile/sample-table.js';
import type { Thread } from '../profile/thread.js';
import {
  checkDuration,
  checkKeys,
  checkNumber,
  checkObject,
  checkOneOf,
  checkString,
  DAY_MS,
} from '../runtime/check.js';
import { outOfRange, wrongType } from '../runtime/errors.js';
import { checkInternal, guardReceivers, INTERNAL, isObject } from '../runtime/internal.js';

/** A value of a marker's field. */
export type MarkerValue = string | number | boolean;

/** When a marker was, and what it tells. */
export interface MarkerOptions {
  /** Its start, from {@link GuestProfiler.now}; now by default. */
  readonly startMs?: Milliseconds;
  /** Its end: it is an interval then. Without a start it began at the end. */
  readonly endMs?: Milliseconds;
  /** Fields, shown in its tooltip and in the marker table. Markers with the same keys share columns. */
  readonly data?: Readonly<Record<string, MarkerValue>>;
  /** How numbers of `data` are shown, such as `bytes`; `decimal` by default. */
  readonly formats?: Readonly<Record<string, NumberFormat>>;
}

/** What a counter counts, and how its track looks. */
export interface CounterOptions {
  /** A sentence for its tooltip. */
  readonly description?: string;
  /** Anything by default. Milliseconds, with the graph `'rate'`, are shown as a share of the time. */
  readonly unit?: 'bytes' | 'number' | 'milliseconds';
  /** The number itself, by default, as steps where it stays the same between two readings, or how fast it grows. */
  readonly graph?: 'level' | 'steps' | 'rate';
  /** Of its track; blue by default. */
  readonly color?: CategoryColor;
}

/** Of a track: one that is seen. */
const COLORS = CATEGORY_COLORS.filter((color) => color !== 'transparent');

/** Keys that the Firefox format has for itself in a marker's data. */
const RESERVED = ['type', 'cause'];

/**
 * A counter of a profile, from {@link GuestProfiler.addCounter}.
 *
 * @example
 * ```js
 * import { Engine, GuestProfiler, Module } from 'wasmtime-guest-profiler';
 *
 * const module = Module.compile(new Engine(), '(module)');
 * const profiler = new GuestProfiler('app', 1, [['app', module]]);
 * const requests = profiler.addCounter('requests');
 * requests.sample(1);
 * await profiler.finish();
 * ```
 */
export class ProfileCounter {
  readonly #counter: Counter;
  readonly #now: () => Milliseconds;

  /** @internal */
  constructor(key: typeof INTERNAL, counter: Counter, now: () => Milliseconds) {
    checkInternal(key, new.target);
    this.#counter = counter;
    this.#now = now;
  }

  /** Notes what the number is now. */
  sample(value: number): void {
    if (!Number.isFinite(checkNumber('value', value))) {
      throw outOfRange('value', 'a finite number', value);
    }
    this.#counter.push(this.#now(), value);
  }

  /** @internal */
  static is(value: unknown): value is ProfileCounter {
    return isObject(value) && #counter in value;
  }

  static {
    guardReceivers(ProfileCounter, (value) => #counter in value);
  }
}

/** Markers and counters that a program adds to its profile. */
export class Annotations {
  readonly #profile: Profile;
  readonly #thread: Thread;
  readonly #now: () => Milliseconds;
  readonly #schemas = new Map<string, MarkerSchema>();

  constructor(profile: Profile, thread: Thread, now: () => Milliseconds) {
    this.#profile = profile;
    this.#thread = thread;
    this.#now = now;
  }

  addMarker(name: string, options: unknown): void {
    checkString('name', name);
    const given = checkObject('options', options) as MarkerOptions;
    checkKeys('options', given, ['startMs', 'endMs', 'data', 'formats']);
    const data = checkData(given.data ?? {});
    const formats = checkFormats(given.formats ?? {});
    const { startMs, endMs } = given;
    if (startMs !== undefined) checkDuration('options.startMs', startMs, 0, DAY_MS * 365);
    if (endMs !== undefined) checkDuration('options.endMs', endMs, startMs ?? 0, DAY_MS * 365);
    const kind: MarkerKind = {
      name: this.#profile.strings.intern(name),
      schema: this.#profile.markerSchemas.intern(this.#schemaOf(data, formats)),
    };
    const { markers } = this.#thread;
    const start = startMs ?? endMs ?? this.#now();
    const row =
      endMs === undefined
        ? markers.pushInstant(kind, start)
        : markers.pushInterval(kind, start, endMs);
    if (Object.keys(data).length > 0) markers.setFields(row, data);
  }

  addCounter(name: string, options: unknown): ProfileCounter {
    checkString('name', name);
    const given = checkObject('options', options) as CounterOptions;
    checkKeys('options', given, ['description', 'unit', 'graph', 'color']);
    const { description = '', unit = 'number', graph = 'level', color = 'blue' } = given;
    const steps = checkOneOf('options.graph', graph, ['level', 'steps', 'rate']) === 'steps';
    const counter = this.#profile.addCounter({
      name,
      description: checkString('options.description', description),
      unit: checkOneOf('options.unit', unit, ['bytes', 'number', 'milliseconds']),
      graph: graph === 'rate' ? 'rate' : 'level',
      steps,
      color: checkOneOf('options.color', color, COLORS),
    });
    return new ProfileCounter(INTERNAL, counter, this.#now);
  }

  /** One for each set of keys, since a reader shows the fields that the schema lists. */
  #schemaOf(
    data: Readonly<Record<string, MarkerValue>>,
    formats: ReadonlyMap<string, NumberFormat>,
  ): MarkerSchema {
    const fields = Object.entries(data).map(
      ([key, value]): MarkerField => ({
        key,
        label: key,
        format: typeof value === 'number' ? (formats.get(key) ?? 'decimal') : 'string',
      }),
    );
    const id = JSON.stringify(fields);
    const known = this.#schemas.get(id);
    if (known !== undefined) return known;
    const table = fields.map(({ key }) => `${key}: {marker.data.${key}}`).join(', ');
    const schema: MarkerSchema = {
      name: this.#schemas.size === 0 ? 'user' : `user-${this.#schemas.size + 1}`,
      ...(table !== '' && { tableLabel: table }),
      display: ['marker-chart', 'marker-table', 'timeline-overview'],
      fields,
    };
    this.#schemas.set(id, schema);
    return schema;
  }
}

function checkFormats(formats: unknown): ReadonlyMap<string, NumberFormat> {
  const given = Object.entries(checkObject('options.formats', formats));
  return new Map(
    given.map(([key, format]) => [
      key,
      checkOneOf(`options.formats.${key}`, format, NUMBER_FORMATS),
    ]),
  );
}

function checkData(data: unknown): Readonly<Record<string, MarkerValue>> {
  const fields = checkObject('options.data', data);
  for (const [key, value] of Object.entries(fields)) {
    const what = `options.data.${key}`;
    // In a label, a key stands between braces.
    if (RESERVED.includes(key) || /[{}]/.test(key)) {
      throw outOfRange('options.data', 'keys without braces, and neither type nor cause', key);
    }
    const isNumber = typeof value === 'number';
    const isValue = isNumber ? Number.isFinite(value) : /^(string|boolean)$/.test(typeof value);
    if (!isValue) {
      throw wrongType(what, 'a string, a finite number or a boolean', value);
    }
  }
  return { ...fields } as Record<string, MarkerValue>;
}
