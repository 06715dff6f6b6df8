import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { claimFile } from '../formats/claim-file.js';
import { readProfileSync } from '../formats/read.js';
import { changedShares, type ShareChange } from '../profile/changed-shares.js';
import { fuelBetweenSamples } from '../profile/fuel.js';
import type { Profile } from '../profile/profile.js';
import { FinishedProfile } from './finished-profile.js';

/** What is done about baselines: `'write'` keeps each task's profile as its, `'compare'` compares it with that. */
export type BaselineUse = 'write' | 'compare';
export const BASELINE_USES = ['write', 'compare'] as const;

/** Functions that are named. */
const NAMED = 5;

/** The baseline of one task, as a file in a directory beside the profiles. */
export class TaskBaseline {
  readonly #path: string;
  readonly #use: BaselineUse;
  #isOwn = false;

  constructor(directory: string, fileName: string, use: BaselineUse) {
    this.#path = join(directory, 'baseline', `${fileName}.json`);
    this.#use = use;
  }

  /** Writes the baseline, or compares with it; a line that tells which. */
  take(profile: FinishedProfile): string {
    return this.#use === 'write' ? this.#write(profile) : this.#compare(profile);
  }

  #write(profile: FinishedProfile): string {
    mkdirSync(join(this.#path, '..'), { recursive: true });
    // Not another task's, nor an older one unnoticed.
    this.#isOwn ||= claimFile(this.#path) !== undefined;
    if (!this.#isOwn)
      return `NOT KEPT as the baseline: ${this.#path} is there already, remove it first`;
    profile.writeSync(this.#path);
    return `baseline → ${this.#path}`;
  }

  #compare(finished: FinishedProfile): string {
    if (!existsSync(this.#path)) {
      return `NOT COMPARED: there is no baseline ${this.#path}; GUEST_PROFILE=baseline writes it`;
    }
    const before = readProfileSync(this.#path);
    const after = FinishedProfile.model(finished);
    const [was, is] = [fuelBetweenSamples(before), fuelBetweenSamples(after)];
    if (was !== is)
      return `NOT COMPARED: the baseline was sampled by ${by(was)}, this by ${by(is)}`;
    const all = (profile: Profile) => ({ profile, threads: profile.threads });
    const changes = changedShares(all(before), all(after));
    const caveat = is === undefined ? ' (by time: what the machine did meanwhile counts too)' : '';
    return `beside the baseline: ${told(changes)}${caveat}`;
  }
}

function told(changes: readonly ShareChange[]): string {
  if (changes.length === 0) return 'nothing changed beyond the noise of sampling';
  const named = changes
    .slice(0, NAMED)
    .map(({ name, before, after }) => `${name} ${percent(before)} → ${percent(after)}`);
  const others = changes.length - named.length;
  return `${named.join(', ')}${others > 0 ? `, and ${others} more` : ''}`;
}

function by(everyFuel: number | undefined): string {
  return everyFuel === undefined ? 'time' : `fuel, each ${everyFuel.toLocaleString('en-US')}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}
