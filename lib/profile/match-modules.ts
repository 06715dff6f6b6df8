import type { FuncIndex } from './func-table.js';
import { NO_LIB } from './lib-table.js';
import type { Profile } from './profile.js';
import { NO_RESOURCE } from './resource-table.js';

/** A module of a profile, and the functions of it that samples saw. */
export interface SampledModule {
  readonly name: string;
  /** Of its binary; undefined where the profile doesn't tell. */
  readonly hash: string | undefined;
  readonly funcs: FuncIndex[];
}

/** A module before, and the same one after. */
export type ModulePair = readonly [SampledModule, SampledModule];

/** The modules with functions in them. What belongs to none, as the host's, is under an empty name. */
export function sampledModules(profile: Profile): SampledModule[] {
  const { frames, funcs, libs, resources, strings } = profile;
  const libOf = new Int32Array(funcs.length).fill(NO_LIB);
  for (let frame = 0; frame < frames.length; frame++) {
    const lib = frames.lib.get(frame);
    if (lib !== NO_LIB) libOf[frames.func.get(frame)] = lib;
  }
  const hashes = new Map([...libs].map(({ name, codeId }) => [name, codeId ?? undefined]));
  const modules = new Map<string, SampledModule>();
  for (let func = 0; func < funcs.length; func++) {
    const resource = funcs.resource.get(func);
    const lib = libOf[func] as number;
    const named = resource === NO_RESOURCE ? '' : strings.get(resources.name.get(resource));
    const name = lib === NO_LIB ? named : libs.get(lib).name;
    const hash = lib === NO_LIB ? hashes.get(name) : (libs.get(lib).codeId ?? undefined);
    const key = `${hash ?? ''}\0${name}`;
    const module = modules.get(key) ?? { name, hash, funcs: [] };
    modules.set(key, module);
    module.funcs.push(func);
  }
  return [...modules.values()];
}

/**
 * Which module is which: as the user says, by the hash of the binary, by being the only one on either side, by name,
 * and at last by being the only one that is left. `map` has names before, and what they are called after.
 */
export function pairModules(
  before: readonly SampledModule[],
  after: readonly SampledModule[],
  map: ReadonlyMap<string, string> = new Map(),
): ModulePair[] {
  const pairs: ModulePair[] = [];
  const left = { before: [...before], after: [...after] };
  const pair = (isPair: (a: SampledModule, b: SampledModule) => boolean): void => {
    for (const old of [...left.before]) {
      const fitting = left.after.filter((recent) => isPair(old, recent));
      const recent = fitting.find(({ name }) => name === old.name) ?? fitting[0];
      if (recent === undefined) continue;
      pairs.push([old, recent]);
      left.before.splice(left.before.indexOf(old), 1);
      left.after.splice(left.after.indexOf(recent), 1);
    }
  };
  const only = (): void => {
    const named = (modules: readonly SampledModule[]) => modules.filter(({ name }) => name !== '');
    const [old, recent] = [named(left.before), named(left.after)];
    if (old.length === 1 && recent.length === 1) pair((a, b) => a === old[0] && b === recent[0]);
  };
  pair((a, b) => map.get(a.name) === b.name);
  pair((a, b) => a.hash !== undefined && a.hash === b.hash);
  only();
  pair((a, b) => a.name === b.name);
  only();
  return pairs;
}
