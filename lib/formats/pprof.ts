/**
 * pprof's format, gzip around protobuf, which `go tool pprof` and many continuous profilers read.
 *
 * Encoded by `pprof-format`. A profile of ten million samples has some thousand distinct stacks, which
 * alone are in the file, so it is made in one piece.
 */

import { gzipSync } from 'node:zlib';
import {
  Label,
  Line,
  Location,
  Mapping,
  Function as PprofFunction,
  Profile as PprofProfile,
  Sample,
  StringTable,
  ValueType,
} from 'pprof-format';
import { NO_ADDRESS } from '../profile/frame-table.js';
import { funcPlace } from '../profile/func-place.js';
import { NO_LINKAGE_NAME, UNKNOWN_LINE } from '../profile/func-table.js';
import { NO_LIB } from '../profile/lib-table.js';
import type { Profile } from '../profile/profile.js';
import { WEIGHTS, type Weight, weighStacks } from '../profile/sample-weight.js';
import { NO_STACK, type StackIndex } from '../profile/stack-table.js';

/** Modules lie apart in one space of addresses. */
const MODULE_SPAN = 2 ** 32;
const NANOS_PER_MS = 1e6;

/** Kinds of values in every file; `weight` is the one that a reader shows first. */
const VALUE_TYPES: Readonly<Record<Weight, readonly [type: string, unit: string]>> = {
  samples: ['samples', 'count'],
  wall: ['wall', 'nanoseconds'],
  cpu: ['cpu', 'nanoseconds'],
};

/** The profile as compressed pprof. Samples without a frame are left out: the format has no place for them. */
export function* pprof(profile: Profile, weight: Weight): Generator<Uint8Array> {
  yield gzipSync(new Encoder(profile).encode(weight).encode());
}

class Encoder {
  readonly #profile: Profile;
  readonly #strings = new StringTable();
  readonly #locations: Location[] = [];
  /** By the frames of one address: the functions inlined there, and the one that they are in. */
  readonly #locationIds = new Map<string, number>();

  constructor(profile: Profile) {
    this.#profile = profile;
  }

  encode(weight: Weight): PprofProfile {
    const profile = this.#profile;
    const samples = this.#samples();
    const [type] = VALUE_TYPES[weight];
    const period = new ValueType({
      type: this.#strings.dedup('wall'),
      unit: this.#strings.dedup('nanoseconds'),
    });
    const ends = profile.threads.map((thread) => thread.endMs ?? thread.startMs);
    return new PprofProfile({
      sampleType: WEIGHTS.map((kind) => this.#valueType(kind)),
      sample: samples,
      mapping: this.#mappings(),
      location: this.#locations,
      function: this.#functions(),
      timeNanos: BigInt(Math.round(profile.startTimeUnixMs)) * BigInt(NANOS_PER_MS),
      durationNanos: Math.round(Math.max(0, ...ends) * NANOS_PER_MS),
      periodType: period,
      period: Math.round(profile.intervalMs * NANOS_PER_MS),
      comment: [this.#strings.dedup(profile.product)],
      defaultSampleType: this.#strings.dedup(type),
      stringTable: this.#strings,
    });
  }

  #valueType(kind: Weight): ValueType {
    const [type, unit] = VALUE_TYPES[kind];
    return new ValueType({ type: this.#strings.dedup(type), unit: this.#strings.dedup(unit) });
  }

  #samples(): Sample[] {
    const { threads } = this.#profile;
    return threads.flatMap((thread) => {
      const kinds = WEIGHTS.map((kind) => weighStacks(this.#profile, thread, kind));
      const name = this.#strings.dedup(thread.name);
      const label = threads.length > 1 ? [this.#label('thread', name)] : [];
      return [...(kinds[0]?.stacks ?? [])].map(
        (stack, row) =>
          new Sample({
            locationId: this.#locationsOf(stack),
            value: kinds.map(({ weights }) => weights[row] as number),
            label,
          }),
      );
    });
  }

  #label(key: string, str: number): Label {
    return new Label({ key: this.#strings.dedup(key), str });
  }

  /** Innermost first; inlined functions share the location of the one that they were inlined into. */
  #locationsOf(stack: StackIndex): number[] {
    const { stacks, frames } = this.#profile;
    const ids: number[] = [];
    let inlined: number[] = [];
    for (let row = stack; row !== NO_STACK; row = stacks.prefix.get(row)) {
      const frame = stacks.frame.get(row);
      inlined.push(frame);
      if (frames.inlineDepth.get(frame) > 0 && stacks.prefix.get(row) !== NO_STACK) continue;
      ids.push(this.#location(inlined));
      inlined = [];
    }
    return ids;
  }

  #location(inlined: readonly number[]): number {
    const { frames } = this.#profile;
    const key = inlined.join();
    const known = this.#locationIds.get(key);
    if (known !== undefined) return known;
    const id = this.#locations.length + 1;
    const outermost = inlined.at(-1) as number;
    const lib = frames.lib.get(outermost);
    const address = frames.address.get(outermost);
    this.#locations.push(
      new Location({
        id,
        mappingId: lib === NO_LIB ? 0 : lib + 1,
        address: address === NO_ADDRESS ? 0 : moduleStart(lib) + address,
        line: inlined.map((frame) => this.#line(frame)),
      }),
    );
    this.#locationIds.set(key, id);
    return id;
  }

  #line(frame: number): Line {
    const { frames, funcs } = this.#profile;
    const func = frames.func.get(frame);
    const line = frames.line.get(frame);
    const shown = line === UNKNOWN_LINE ? funcs.line.get(func) : line;
    return new Line({ functionId: func + 1, line: shown, column: frames.column.get(frame) });
  }

  #mappings(): Mapping[] {
    return [...this.#profile.libs].map(
      ({ name }, lib) =>
        new Mapping({
          id: lib + 1,
          memoryStart: moduleStart(lib),
          memoryLimit: moduleStart(lib + 1),
          filename: this.#strings.dedup(name),
          // All there is, so that no reader looks for a file of this name.
          hasFunctions: true,
          hasFilenames: true,
          hasLineNumbers: true,
          hasInlineFrames: true,
        }),
    );
  }

  /**
   * The linkage name. `go tool pprof` shortens a name that is its own system name and looks like C++'s, by its template
   * arguments and parameters, and adds up what is then alike: such a one gets its module before it.
   */
  #systemName(func: number, name: string, module: string | undefined): string {
    const { funcs, strings } = this.#profile;
    const linkageName = funcs.linkageName.get(func);
    const known = linkageName === NO_LINKAGE_NAME ? name : strings.get(linkageName);
    return known === name && LIKE_CPP.test(name) ? `${module ?? ''}!${name}` : known;
  }

  #functions(): PprofFunction[] {
    return Array.from({ length: this.#profile.funcs.length }, (_, func) => {
      const { name, module, file, line = 0 } = funcPlace(this.#profile, func);
      return new PprofFunction({
        id: func + 1,
        name: this.#strings.dedup(name),
        systemName: this.#strings.dedup(this.#systemName(func, name, module)),
        filename: this.#strings.dedup(file ?? module ?? ''),
        startLine: line,
      });
    });
  }
}

/** What `go tool pprof` takes for C++ or Rust. */
const LIKE_CPP = /[<>[\](]|::/;

/** The first byte of a module's code; 0 is no address in this format. */
function moduleStart(lib: number): number {
  return (lib + 1) * MODULE_SPAN;
}
