// Reads the stacks of a Firefox profile, ours (version 70) or upstream's (version 55), as text that
// tells everything that must agree: module, function, where it starts, and the sampled address.

/** What the two versions have in common, as far as stacks go. */
interface Tables {
  readonly stringArray: string[];
  readonly stackTable: { frame: number[]; prefix: (number | null)[] };
  readonly frameTable: { address: number[]; func: number[]; nativeSymbol: number[] };
  readonly funcTable: { name: number[] };
  readonly nativeSymbols: { libIndex: number[]; address: number[]; functionSize: number[] };
}

interface Samples {
  readonly length: number;
  readonly stack: (number | null)[];
  readonly threadCPUDelta: number[];
}

interface Markers {
  readonly length: number;
  readonly name: number[];
  readonly phase: number[];
  readonly data: ({ type: string; cause?: { stack: number } } | null)[];
}

/** A profile's samples and markers, each as text. */
export interface Stacks {
  /** Oldest frame first. */
  readonly samples: string[][];
  readonly markers: string[];
}

// biome-ignore lint/suspicious/noExplicitAny: parsed JSON of two format versions.
type Json = any;

/** `rename(module, name)` may give functions other names, `renameLib` modules. */
export function readStacks(
  profile: Json,
  rename: (module: string, name: string) => string = (_, name) => name,
  renameLib: (module: string) => string = (module) => module,
): Stacks {
  const [thread] = profile.threads;
  const tables: Tables =
    profile.meta.preprocessedProfileVersion === 70 ? ourTables(profile) : thread;
  const libs: string[] = profile.libs.map((lib: { name: string }) => lib.name);
  const frames = tables.frameTable.address.map((_, frame) =>
    describeFrame(tables, libs, frame, rename, renameLib),
  );
  const cache: string[][] = [];
  const stackOf = (stack: number | null | undefined): string[] => {
    if (stack === null || stack === undefined) return [];
    const known = cache[stack];
    if (known) return known;
    const found: string[] = [];
    for (
      let row: number | null = stack;
      row !== null;
      row = tables.stackTable.prefix[row] ?? null
    ) {
      found.push(frames[tables.stackTable.frame[row] as number] as string);
    }
    cache[stack] = found.reverse();
    return found;
  };
  const samples: Samples = thread.samples;
  const markers: Markers = thread.markers;
  return {
    samples: samples.stack.map(stackOf),
    markers: markers.name.map((name, i) => {
      const data = markers.data[i];
      const cause = stackOf(data?.cause?.stack).join(' > ');
      return `${tables.stringArray[name]} ${data?.type} phase ${markers.phase[i]}: ${cause}`;
    }),
  };
}

/** Version 70 keeps prefixes as distances, and one set of tables for all threads. */
function ourTables({ shared }: Json): Tables {
  const prefix = shared.stackTable.prefixOffset.map((distance: number, row: number) =>
    distance === 0 ? null : row - distance,
  );
  return { ...shared, stackTable: { frame: shared.stackTable.frame, prefix } };
}

function describeFrame(
  tables: Tables,
  libs: string[],
  frame: number,
  rename: (module: string, name: string) => string,
  renameLib: (module: string) => string,
): string {
  const { address, func, nativeSymbol } = tables.frameTable;
  const symbol = nativeSymbol[frame] as number;
  const { libIndex, address: start, functionSize } = tables.nativeSymbols;
  const lib = libs[libIndex[symbol] as number] as string;
  const name = tables.stringArray[tables.funcTable.name[func[frame] as number] as number] as string;
  return `${renameLib(lib)}!${rename(lib, name)} [${start[symbol]}+${functionSize[symbol]}] @${address[frame]}`;
}
