import type { Profile } from '../profile/profile.js';
import type { RowLimit } from './row-limit.js';

/** What the tables of a file were turned into: rows of the model by rows of the file. */
export interface ReadTables {
  readonly profile: Profile;
  readonly categories: readonly number[];
  readonly schemas: ReadonlyMap<string, number>;
  readonly strings: readonly number[];
  readonly stacks: Int32Array;
  readonly limit: RowLimit;
}
