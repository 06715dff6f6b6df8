import { funcPlace } from './func-place.js';
import type { FuncIndex } from './func-table.js';
import { pairBodies } from './match-bodies.js';
import {
  type ModulePair,
  pairModules,
  type SampledModule,
  sampledModules,
} from './match-modules.js';
import type { Profile } from './profile.js';

/** A function of two profiles; of one that only one of them has, the other side is empty. */
export interface MatchedFunction {
  /** Several, where functions of one name and file can't be told apart: they count as one. */
  readonly before: readonly FuncIndex[];
  readonly after: readonly FuncIndex[];
}

/** How the engine names a function that has no name: by its place in the binary. */
const NAMELESS = /^wasm-function\[(\d+)\]$/;

/**
 * Which function is which in two profiles. In modules that belong together, functions are the same by name and
 * source file, then by name, then, unless it is the same binary, by their code. Names that are only numbers count in
 * the same binary alone.
 */
export function matchFunctions(
  before: Profile,
  after: Profile,
  map?: ReadonlyMap<string, string>,
): MatchedFunction[] {
  const [old, recent] = [sampledModules(before), sampledModules(after)];
  const pairs = pairModules(old, recent, map);
  const paired = new Set<SampledModule>(pairs.flat());
  const alone = (modules: readonly SampledModule[]) =>
    modules.filter((module) => !paired.has(module)).flatMap(({ funcs }) => funcs);
  return [
    ...pairs.flatMap((pair) => new ModuleMatch(before, after, pair).functions()),
    ...alone(old).map((func) => ({ before: [func], after: [] })),
    ...alone(recent).map((func) => ({ before: [], after: [func] })),
  ];
}

/** The functions of one module, before and after. */
class ModuleMatch {
  readonly #before: Profile;
  readonly #after: Profile;
  readonly #isSameBinary: boolean;
  /** Those that are still to be matched. */
  #old: readonly FuncIndex[];
  #recent: readonly FuncIndex[];
  readonly #matched: MatchedFunction[] = [];

  constructor(before: Profile, after: Profile, [old, recent]: ModulePair) {
    this.#before = before;
    this.#after = after;
    this.#isSameBinary = old.hash !== undefined && old.hash === recent.hash;
    this.#old = old.funcs;
    this.#recent = recent.funcs;
  }

  functions(): MatchedFunction[] {
    this.#match((profile, func) => {
      const { name, file } = funcPlace(profile, func);
      return this.#tells(name) ? `${name}\0${file ?? ''}` : undefined;
    });
    this.#match((profile, func) => {
      const { name } = funcPlace(profile, func);
      return this.#tells(name) ? name : undefined;
    });
    // In one binary names tell all: what is left, only one side has samples of.
    if (!this.#isSameBinary) this.#matchCode();
    return [
      ...this.#matched,
      ...this.#old.map((func) => ({ before: [func], after: [] })),
      ...this.#recent.map((func) => ({ before: [], after: [func] })),
    ];
  }

  #matchCode(): void {
    const bodies = pairBodies(this.#before, this.#old, this.#after, this.#recent);
    this.#take(bodies.map(([old, recent]) => ({ before: [old], after: [recent] })));
    this.#take(this.#byNumber(bodies));
  }

  #tells(name: string): boolean {
    return this.#isSameBinary || !NAMELESS.test(name);
  }

  #match(keyOf: (profile: Profile, func: FuncIndex) => string | undefined): void {
    const groups = (profile: Profile, funcs: readonly FuncIndex[]) => {
      const byKey = new Map<string, FuncIndex[]>();
      for (const func of funcs) {
        const key = keyOf(profile, func);
        if (key === undefined) continue;
        const group = byKey.get(key);
        if (group === undefined) byKey.set(key, [func]);
        else group.push(func);
      }
      return byKey;
    };
    const recent = groups(this.#after, this.#recent);
    const matches = [...groups(this.#before, this.#old)].map(([key, before]) => ({
      before,
      after: recent.get(key) ?? [],
    }));
    this.#take(matches.filter(({ after }) => after.length > 0));
  }

  /** Functions without names whose code has changed, by their numbers: between two that have moved as far. */
  #byNumber(bodies: readonly (readonly [FuncIndex, FuncIndex])[]): MatchedFunction[] {
    const known = bodies
      .map(([old, recent]) => [numberOf(this.#before, old), numberOf(this.#after, recent)] as const)
      .filter((pair): pair is readonly [number, number] => !pair.includes(undefined))
      .sort(([a], [b]) => a - b);
    const recent = new Map(this.#recent.map((func) => [numberOf(this.#after, func), func]));
    const old = this.#old
      .map((func) => ({ func, number: numberOf(this.#before, func) ?? -1 }))
      .filter(({ number }) => number >= 0)
      .sort((a, b) => a.number - b.number);
    let next = 0;
    return old.flatMap(({ func, number }) => {
      while (next < known.length && (known[next]?.[0] ?? 0) < number) next++;
      const [above, below] = [known[next], known[next - 1]];
      const [shift, other] = [above ?? below, below ?? above].map(
        (pair) => pair && pair[1] - pair[0],
      );
      if (shift === undefined || shift !== other) return [];
      const same = recent.get(number + shift);
      return same === undefined ? [] : [{ before: [func], after: [same] }];
    });
  }

  #take(matches: readonly MatchedFunction[]): void {
    const taken = new Set(matches.flatMap(({ before }) => before));
    const given = new Set(matches.flatMap(({ after }) => after));
    this.#matched.push(...matches);
    this.#old = this.#old.filter((func) => !taken.has(func));
    this.#recent = this.#recent.filter((func) => !given.has(func));
  }
}

function numberOf(profile: Profile, func: FuncIndex): number | undefined {
  const [, digits] = NAMELESS.exec(funcPlace(profile, func).name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
