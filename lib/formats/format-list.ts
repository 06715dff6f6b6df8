import { extname } from 'node:path';
import { WEIGHTS, type Weight } from '../profile/sample-weight.js';

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

/** One format: how it is recognized, and what it can say. */
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
}

const BY_TIME: readonly Weight[] = ['wall', 'cpu', 'samples'];

/** The one list of formats: the API, the command line and its help are made from it. */
export const FORMATS: Readonly<Record<FormatName, Format>> = {
  firefox: {
    title: 'Firefox Profiler, https://profiler.firefox.com',
    extensions: ['.json'],
    weights: [],
  },
  jslb: {
    title: 'Firefox Profiler, binary: opens faster',
    extensions: ['.jslb'],
    weights: [],
  },
  cpuprofile: {
    title: "Chrome's DevTools, VS Code",
    extensions: ['.cpuprofile'],
    weights: BY_TIME,
    oneThread: true,
  },
  speedscope: {
    title: 'speedscope',
    extensions: ['.speedscope.json', '.speedscope'],
    weights: BY_TIME,
  },
  pprof: {
    title: 'pprof, go tool pprof; always compressed',
    extensions: ['.pprof', '.pb'],
    weights: WEIGHTS,
    compressed: true,
  },
  folded: {
    title: 'folded stacks, for flame graph tools',
    extensions: ['.folded', '.collapsed'],
    weights: WEIGHTS,
  },
  html: {
    title: 'a page for any browser, with a flame graph and tables',
    extensions: ['.html', '.htm'],
    weights: [],
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
