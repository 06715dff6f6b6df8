import { Profile } from '../../lib/profile/profile.js';
import { NO_STACK } from '../../lib/profile/stack-table.js';

/** A function of a made profile. */
export interface MadeFunction {
  readonly name: string;
  readonly file?: string;
  /** Where its code begins, and its size: for one that was compiled. */
  readonly code?: readonly [address: number, size: number];
  /** Samples in it, at each of these offsets in its code. */
  readonly at?: readonly number[];
  /** The function, earlier in the list, that it was inlined into. */
  readonly inlinedInto?: string;
  readonly samples: number;
}

/** A module of a made profile. */
export interface MadeModule {
  readonly name: string;
  readonly hash?: string;
  readonly functions: readonly MadeFunction[];
}

/** A profile of one thread, a sample each millisecond of CPU time, all of one frame or of one inlined in another. */
export function madeProfile(modules: readonly MadeModule[], startTimeUnixMs = 0): Profile {
  const profile = new Profile({ product: 'made', intervalMs: 1, startTimeUnixMs });
  const { strings, libs, resources, nativeSymbols, sources, funcs, frames, stacks } = profile;
  const thread = profile.addThread({ name: 'made' });
  let time = 0;
  for (const { name, hash, functions } of modules) {
    const lib = libs.add({ name, codeId: hash ?? null });
    const resource = resources.addLibrary(strings.intern(name));
    const known = new Map<string, MadeFunction>();
    for (const made of functions) {
      known.set(made.name, made);
      const source = made.file === undefined ? -1 : sources.intern(strings.intern(made.file));
      const func = funcs.add({ name: strings.intern(made.name), resource, source });
      const outer = made.inlinedInto === undefined ? undefined : known.get(made.inlinedInto);
      const [start, size] = (outer ?? made).code ?? [-1, -1];
      const symbolName = strings.intern((outer ?? made).name);
      const nativeSymbol = start < 0 ? -1 : nativeSymbols.intern(lib, start, symbolName, size);
      for (const offset of made.at ?? [1]) {
        const place = { lib, address: Math.max(0, start) + offset, nativeSymbol };
        let caller = NO_STACK;
        if (outer !== undefined) {
          const outerFunc = [...functions].findIndex(({ name }) => name === outer.name);
          const first = funcs.length - 1 - functions.indexOf(made);
          caller = stacks.intern(NO_STACK, frames.intern({ func: first + outerFunc, ...place }));
        }
        const inlineDepth = outer === undefined ? 0 : 1;
        const stack = stacks.intern(caller, frames.intern({ func, inlineDepth, ...place }));
        const { length } = made.at ?? [1];
        for (let i = 0; i < made.samples / length; i++) thread.samples.push(stack, ++time, 1);
      }
    }
  }
  thread.end(time);
  return profile;
}
