import { NO_LINKAGE_NAME } from './func-table.js';
import { NO_LIB } from './lib-table.js';
import { NO_NATIVE_SYMBOL } from './native-symbol-table.js';
import { Profile } from './profile.js';
import { NO_RESOURCE } from './resource-table.js';
import { markRuns } from './runs.js';
import { codeOfFuncs, SharedModules } from './shared-modules.js';
import { NO_SOURCE } from './source-table.js';
import { NO_STACK } from './stack-table.js';

/**
 * Several profiles as one, with all their threads and counters: it begins with the earliest, and has that
 * one's name, interval and arguments. Nothing is merged but strings: modules of two profiles stay two.
 */
export function mergeProfiles(profiles: readonly Profile[]): Profile {
  const merged = emptyOf(profiles);
  for (const [number, profile] of profiles.entries()) append(merged, profile, number);
  return merged;
}

/**
 * Runs of the same work as one profile, a thread each, in which each module and function is one: so the runs can
 * be compared and added up.
 */
export function mergeRuns(profiles: readonly Profile[]): Profile {
  const merged = emptyOf(profiles);
  const shared = new SharedModules(merged);
  for (const [number, profile] of profiles.entries()) append(merged, profile, number, shared);
  markRuns(merged, profiles.length);
  return merged;
}

function emptyOf(profiles: readonly Profile[]): Profile {
  const [first] = [...profiles].sort((a, b) => a.startTimeUnixMs - b.startTimeUnixMs);
  if (first === undefined) throw new RangeError('expected at least one profile, got none');
  return new Profile(first);
}

function append(merged: Profile, profile: Profile, number: number, shared?: SharedModules): void {
  const shiftMs = profile.startTimeUnixMs - merged.startTimeUnixMs;
  const strings = [...profile.strings].map((text) => merged.strings.intern(text));
  const string = (row: number): number => strings[row] as number;
  const categories = [...profile.categories].map((category) => merged.categories.adopt(category));
  const stacks = appendStacks(merged, profile, string, categories, shared);
  const schemas = appendSchemas(merged, profile, number);
  // Those of runs tell the same, but for ticks that were missed.
  if (shared === undefined || number === 0) merged.extra.push(...profile.extra);

  for (const thread of profile.threads) {
    const { name, isMainThread, processName = profile.product, startMs, endMs } = thread;
    const added = merged.addThread({
      name: shared === undefined ? name : `${name}, run ${number + 1}`,
      ...{ isMainThread, processName },
      pid: `${number}`,
      startMs: startMs + shiftMs,
    });
    const { samples, markers } = thread;
    const stack = (row: number): number => (row === NO_STACK ? row : (stacks[row] as number));
    for (let row = 0; row < samples.length; row++) {
      const timeMs = samples.time.get(row) + shiftMs;
      added.samples.push(stack(samples.stack.get(row)), timeMs, samples.cpuDelta.get(row));
    }
    for (let row = 0; row < markers.length; row++) {
      const schema = markers.schema.get(row);
      added.markers.append(
        {
          name: string(markers.name.get(row)),
          category: categories[markers.category.get(row)] as number,
          ...(schema >= 0 && { schema: schemas[schema] as number }),
        },
        markers.row(row, shiftMs),
        stack(markers.cause.get(row)),
      );
    }
    if (endMs !== undefined) added.end(endMs + shiftMs);
  }
  for (const counter of profile.counters) {
    const { name, description, unit, graph, color, time, value } = counter;
    const added = merged.addCounter({ name, description, unit, graph, color });
    for (let row = 0; row < counter.length; row++) {
      added.push(time.get(row) + shiftMs, value.get(row));
    }
  }
}

/** Rows of the merged stack table by those of the profile's. */
function appendStacks(
  merged: Profile,
  profile: Profile,
  string: (row: number) => number,
  categories: readonly number[],
  shared?: SharedModules,
): Int32Array {
  const { resources, sources, nativeSymbols, funcs, frames, stacks } = profile;
  const libs = [...profile.libs].map((lib) => shared?.lib(lib) ?? merged.libs.add(lib));
  const seen = new Map<number, number>();
  const resourceOf = rows(resources.length, (row) => {
    const name = string(resources.name.get(row));
    const number = seen.get(name) ?? 0;
    seen.set(name, number + 1);
    return shared?.resource(name, number) ?? merged.resources.addLibrary(name);
  });
  const sourceOf = rows(sources.length, (row) => {
    const source = merged.sources.intern(string(sources.filename.get(row)));
    const content = sources.content(row);
    if (content !== undefined) merged.sources.setContent(source, content);
    return source;
  });
  const symbolOf = rows(nativeSymbols.length, (row) =>
    merged.nativeSymbols.intern(
      libs[nativeSymbols.lib.get(row)] as number,
      nativeSymbols.address.get(row),
      string(nativeSymbols.name.get(row)),
      nativeSymbols.functionSize.get(row),
    ),
  );
  const linkageNameOf = (row: number) => {
    const name = funcs.linkageName.get(row);
    return name === NO_LINKAGE_NAME ? NO_LINKAGE_NAME : string(name);
  };
  const codes = shared === undefined ? [] : codeOfFuncs(profile, libs);
  const funcOf = rows(funcs.length, (row) => {
    const func = {
      name: string(funcs.name.get(row)),
      resource: mapped(resourceOf, funcs.resource.get(row), NO_RESOURCE),
      source: mapped(sourceOf, funcs.source.get(row), NO_SOURCE),
      line: funcs.line.get(row),
      column: funcs.column.get(row),
      linkageName: linkageNameOf(row),
    };
    return shared?.func(func, codes[row]) ?? merged.funcs.add(func);
  });
  const frameOf = rows(frames.length, (row) =>
    merged.frames.intern({
      func: funcOf[frames.func.get(row)] as number,
      address: frames.address.get(row),
      lib: mapped(libs, frames.lib.get(row), NO_LIB),
      inlineDepth: frames.inlineDepth.get(row),
      nativeSymbol: mapped(symbolOf, frames.nativeSymbol.get(row), NO_NATIVE_SYMBOL),
      line: frames.line.get(row),
      column: frames.column.get(row),
      category: categories[frames.category.get(row)] as number,
      subcategory: frames.subcategory.get(row),
    }),
  );
  const stackOf = new Int32Array(stacks.length);
  for (let row = 0; row < stacks.length; row++) {
    const prefix = mapped(stackOf, stacks.prefix.get(row), NO_STACK);
    stackOf[row] = merged.stacks.intern(prefix, frameOf[stacks.frame.get(row)] as number);
  }
  return stackOf;
}

/** Two profiles may have different schemas of one name: the later one gets a number. */
function appendSchemas(merged: Profile, profile: Profile, number: number): number[] {
  return [...profile.markerSchemas].map((schema) => {
    const known = [...merged.markerSchemas].findIndex(({ name }) => name === schema.name);
    if (known < 0) return merged.markerSchemas.intern(schema);
    const isSame = JSON.stringify(merged.markerSchemas.get(known)) === JSON.stringify(schema);
    return isSame
      ? known
      : merged.markerSchemas.intern({ ...schema, name: `${schema.name}-${number}` });
  });
}

function rows(length: number, add: (row: number) => number): number[] {
  return Array.from({ length }, (_, row) => add(row));
}

function mapped(rows: ArrayLike<number>, row: number, none: number): number {
  return row === none ? none : (rows[row] as number);
}
