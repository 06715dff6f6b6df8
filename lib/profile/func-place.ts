import { type FuncIndex, UNKNOWN_LINE } from './func-table.js';
import type { Profile } from './profile.js';
import { NO_RESOURCE } from './resource-table.js';
import { NO_SOURCE } from './source-table.js';

/** What a reader shows of a function. */
export interface FuncPlace {
  /** Never empty: readers of some formats take an empty name for none. */
  readonly name: string;
  /** The module. */
  readonly module: string | undefined;
  readonly file: string | undefined;
  /** Where the function starts. */
  readonly line: number | undefined;
  readonly column: number | undefined;
}

/** Name, module, file and line of a function, as far as they are known. */
export function funcPlace(profile: Profile, func: FuncIndex): FuncPlace {
  const { funcs, strings, sources, resources } = profile;
  const source = funcs.source.get(func);
  const resource = funcs.resource.get(func);
  const line = funcs.line.get(func);
  const column = funcs.column.get(func);
  return {
    name: strings.get(funcs.name.get(func)) || '(no name)',
    module: resource === NO_RESOURCE ? undefined : strings.get(resources.name.get(resource)),
    file: source === NO_SOURCE ? undefined : strings.get(sources.filename.get(source)),
    line: line === UNKNOWN_LINE ? undefined : line,
    column: column === UNKNOWN_LINE ? undefined : column,
  };
}
