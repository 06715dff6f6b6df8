import type { GuestProfiler } from '../../lib/index.js';
import { assertProfileIntegrity } from '../support/profile-integrity.js';

/** A profile as readers see it, with what tests ask for. */
export interface ReadProfile {
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of a known form, checked before.
  readonly json: any;
  /** Each sample's function names, oldest frame first. */
  readonly stacks: string[][];
  /** The causes of the markers that have one, likewise. */
  readonly causes: string[][];
}

/** Checks and reads a profile's bytes. */
export function readProfile(bytes: Uint8Array): ReadProfile {
  const text = Buffer.from(bytes).toString();
  const json = JSON.parse(text);
  assertProfileIntegrity(json);
  const { stringArray, stackTable, frameTable, funcTable } = json.shared;
  const names = (stack: number | null): string[] => {
    const found: string[] = [];
    for (let row = stack; row !== null; ) {
      found.push(stringArray[funcTable.name[frameTable.func[stackTable.frame[row]]]]);
      const offset: number = stackTable.prefixOffset[row];
      row = offset === 0 ? null : (row as number) - offset;
    }
    return found.reverse();
  };
  const [thread] = json.threads;
  const causes = thread.markers.data.filter((data: { cause?: unknown } | null) => data?.cause);
  return {
    text,
    json,
    stacks: thread.samples.stack.map(names),
    causes: causes.map((data: { cause: { stack: number } }) => names(data.cause.stack)),
  };
}

/** Finishes a profile into memory, and reads it. */
export async function finish(profiler: GuestProfiler): Promise<ReadProfile> {
  return readProfile(await profiler.finish());
}
