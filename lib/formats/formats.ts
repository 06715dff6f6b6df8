import type { Profile } from '../profile/profile.js';
import type { Weight } from '../profile/sample-weight.js';
import { Thread } from '../profile/thread.js';
import { firefoxJson } from './firefox.js';
import { FORMATS, type FormatName } from './format-list.js';
import { cpuProfile, foldedStacks, htmlPage, jslb, pprof, speedscopeJson } from './writers.js';

/** What a writer may be told. */
interface WriteOptions {
  readonly weight: Weight;
  /** For formats that hold one thread. */
  readonly thread: Thread;
}

type Writer = (profile: Profile, options: WriteOptions) => Iterable<Uint8Array>;

const WRITERS: Readonly<Record<FormatName, Writer>> = {
  firefox: (profile) => firefoxJson(profile),
  jslb: (profile) => jslb(profile),
  cpuprofile: (profile, { weight, thread }) => cpuProfile(profile, weight, thread),
  speedscope: (profile, { weight }) => speedscopeJson(profile, weight),
  pprof: (profile, { weight }) => pprof(profile, weight),
  folded: (profile, { weight }) => foldedStacks(profile, weight),
  html: (profile) => htmlPage(profile),
};

/** How a profile is written; see {@link GuestProfiler.finish}. */
export interface FormatOptions {
  /** By default what the name of the output ends in, and `firefox` where that has no extension. */
  readonly format?: FormatName;
  /**
   * What samples count for, in a format that has one kind of number: `samples` 1 each, `wall` and
   * `cpu` the time since the sample before. The default is the format's own.
   */
  readonly weight?: Weight;
  /** Which thread, counted from 0, a format gets that has but one; by default that with most samples. */
  readonly thread?: number;
}

/** A profile's bytes in a format. */
export interface EncodedProfile {
  readonly chunks: Iterable<Uint8Array>;
  /** They are gzip. */
  readonly compressed: boolean;
}

/** Writes a profile in a format, lazily. The options are checked before: see `checkFormatOptions`. */
export function encodeProfile(
  profile: Profile,
  name: FormatName,
  { weight, thread }: Omit<FormatOptions, 'format'> = {},
): EncodedProfile {
  const format = FORMATS[name];
  const chosen = thread === undefined ? busiestThread(profile) : profile.threads[thread];
  const options = {
    weight: weight ?? format.weights[0] ?? 'samples',
    thread: chosen ?? new Thread({ name: profile.product }, 0),
  };
  return { chunks: WRITERS[name](profile, options), compressed: format.compressed ?? false };
}

function busiestThread(profile: Profile): Thread | undefined {
  return [...profile.threads].sort((a, b) => b.samples.length - a.samples.length)[0];
}
