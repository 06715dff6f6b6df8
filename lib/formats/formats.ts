import { extname } from 'node:path';
import type { Profile } from '../profile/profile.js';
import { WEIGHTS, type Weight } from '../profile/sample-weight.js';
import { Thread } from '../profile/thread.js';
import { cpuProfile } from './cpuprofile.js';
import { firefoxJson } from './firefox.js';
import { foldedStacks } from './folded.js';
import { jslb } from './jslb.js';
import { htmlPage } from './page.js';
import { pprof } from './pprof.js';
import { speedscopeJson } from './speedscope.js';

/** The formats that a profile can be written in. */
export const FORMAT_NAMES = [
  'firefox',
  'jslb',
  'cpuprofile',
  'speedscope',
  'pprof',
  'folded',
  'html',
] as const;
/** A format that profiles are written in. */
export type FormatName = (typeof FORMAT_NAMES)[number];

/** What a writer may be told. */
interface WriteOptions {
  readonly weight: Weight;
  /** For formats that hold one thread. */
  readonly thread: Thread;
}

/** One format: how it is recognized, what it can say, and its writer. */
export interface Format {
  /** For people: what opens it. */
  readonly title: string;
  /** Ends of file names, longest first, before any `.gz`. */
  readonly extensions: readonly string[];
  /** What samples may weigh, the default first; empty where the file has all of it anyway. */
  readonly weights: readonly Weight[];
  /** The format holds the samples of one thread. */
  readonly oneThread?: boolean;
  /** What it writes is gzip. */
  readonly compressed?: boolean;
  write(profile: Profile, options: WriteOptions): Iterable<Uint8Array>;
}

const BY_TIME: readonly Weight[] = ['wall', 'cpu', 'samples'];

/** The one list of formats: the API, the command line and its help are made from it. */
export const FORMATS: Readonly<Record<FormatName, Format>> = {
  firefox: {
    title: 'Firefox Profiler, https://profiler.firefox.com',
    extensions: ['.json'],
    weights: [],
    write: (profile) => firefoxJson(profile),
  },
  jslb: {
    title: 'Firefox Profiler, binary: opens faster',
    extensions: ['.jslb'],
    weights: [],
    write: (profile) => jslb(profile),
  },
  cpuprofile: {
    title: "Chrome's DevTools, VS Code",
    extensions: ['.cpuprofile'],
    weights: BY_TIME,
    oneThread: true,
    write: (profile, { weight, thread }) => cpuProfile(profile, weight, thread),
  },
  speedscope: {
    title: 'speedscope',
    extensions: ['.speedscope.json', '.speedscope'],
    weights: BY_TIME,
    write: (profile, { weight }) => speedscopeJson(profile, weight),
  },
  pprof: {
    title: 'pprof, go tool pprof; always compressed',
    extensions: ['.pprof', '.pb'],
    weights: WEIGHTS,
    compressed: true,
    write: (profile, { weight }) => pprof(profile, weight),
  },
  folded: {
    title: 'folded stacks, for flame graph tools',
    extensions: ['.folded', '.collapsed'],
    weights: WEIGHTS,
    write: (profile, { weight }) => foldedStacks(profile, weight),
  },
  html: {
    title: 'a page for any browser, with a flame graph and tables',
    extensions: ['.html', '.htm'],
    weights: [],
    write: (profile) => htmlPage(profile),
  },
};

/** The format that a file's name asks for, by the longest extension that fits; undefined for none. */
export function formatOfPath(path: string): FormatName | undefined {
  const name = path.toLowerCase().replace(/\.gz$/, '');
  const fitting = FORMAT_NAMES.flatMap((format) =>
    FORMATS[format].extensions
      .filter((extension) => name.endsWith(extension))
      .map((extension) => ({ format, length: extension.length })),
  );
  return fitting.sort((a, b) => b.length - a.length)[0]?.format;
}

/** Whether a file's name says a format that there is none of; a name without an extension says nothing. */
export function hasUnknownExtension(path: string): boolean {
  const name = path.replace(/\.gz$/i, '');
  return extname(name) !== '' && formatOfPath(name) === undefined;
}

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
  return { chunks: format.write(profile, options), compressed: format.compressed ?? false };
}

function busiestThread(profile: Profile): Thread | undefined {
  return [...profile.threads].sort((a, b) => b.samples.length - a.samples.length)[0];
}
