import { oneLine } from '../formats/terminal-text.js';
import { funcPlace } from '../profile/func-place.js';
import type { FuncIndex } from '../profile/func-table.js';
import { functionWeights } from '../profile/hot-functions.js';
import type { Profile } from '../profile/profile.js';
import { CliError } from './cli-error.js';

/** As many names as a message has room for. */
const MOST_NAMES = 5;

/** The functions that a user means by a name: they share it. */
export interface ChosenFunctions {
  readonly name: string;
  readonly funcs: ReadonlySet<FuncIndex>;
}

/**
 * Of the functions that samples saw, those of that name; where there is none, those of the one name that has it in it,
 * so that nobody needs to type `std::__2::map<…>::find(…)` whole.
 *
 * @throws CliError for none, and for several, with the hottest of them.
 */
export function functionsNamed(profile: Profile, asked: string): ChosenFunctions {
  const byName = new Map<string, FuncIndex[]>();
  // Hottest first.
  for (const { func } of functionWeights(profile, profile.threads, 'samples')) {
    const { name } = funcPlace(profile, func);
    const funcs = byName.get(name);
    if (funcs === undefined) byName.set(name, [func]);
    else funcs.push(func);
  }
  const fitting = byName.has(asked)
    ? [asked]
    : [...byName.keys()].filter((name) => name.includes(asked));
  const [name] = fitting;
  if (name !== undefined && fitting.length === 1) {
    return { name, funcs: new Set(byName.get(name)) };
  }
  if (name === undefined) {
    throw new CliError(`no sample saw a function ${oneLine(asked)}`);
  }
  const names = fitting.slice(0, MOST_NAMES).join(', ');
  const others = fitting.length - MOST_NAMES;
  const rest = others > 0 ? ` and ${others} more` : '';
  throw new CliError(
    `${fitting.length} functions have ${oneLine(asked)} in their names: ${oneLine(names)}${rest}`,
  );
}
