import type { GuestProfiler, Module } from '../../lib/index.js';
import type { ListedCode } from '../../lib/profiler/listed-code.js';
import { listedCode } from '../../lib/profiler/named-module.js';

/** What samples saw: how often each function ran, by its index. */
export interface Counts {
  readonly byFunction: Map<number, number>;
  readonly samples: number;
}

/** Of a profile's samples, those whose newest frame is the guest's own. */
export async function countsOf(profiler: GuestProfiler, module: Module): Promise<Counts> {
  const bytes = await profiler.finish(undefined, { format: 'firefox' });
  const { shared, threads } = JSON.parse(Buffer.from(bytes).toString());
  const { stackTable, frameTable, nativeSymbols } = shared;
  const indices = indexByOffset(module);
  const byFunction = new Map<number, number>();
  for (const stack of threads[0].samples.stack) {
    const symbol = stack === null ? null : frameTable.nativeSymbol[stackTable.frame[stack]];
    if (symbol !== null) add(byFunction, indices.get(nativeSymbols.address[symbol]) ?? -1);
  }
  return counted(byFunction);
}

/** Of functions, by where their code begins in the text section. */
export function indexByOffset(module: Module): Map<number, number> {
  const [listed] = listedCode([['guest', module]]);
  const { offset, index } = (listed as ListedCode).code.functions();
  return new Map(Array.from(offset, (at, row) => [at, index[row] as number]));
}

export function add(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

export function counted(byFunction: Map<number, number>): Counts {
  return { byFunction, samples: [...byFunction.values()].reduce((sum, count) => sum + count, 0) };
}

/** Half the sum of the differences of shares: the share of samples that would have to be moved. */
export function totalVariation(a: Counts, b: Counts): number {
  let sum = 0;
  for (const key of new Set([...a.byFunction.keys(), ...b.byFunction.keys()])) {
    sum += Math.abs(share(a, key) - share(b, key));
  }
  return sum / 2;
}

export function share({ byFunction, samples }: Counts, key: number): number {
  return (byFunction.get(key) ?? 0) / samples;
}

/** What it would be on the average if both had sampled the same at random. */
export function expectedVariation(truth: Counts, other: Counts): number {
  let sum = 0;
  for (const key of truth.byFunction.keys()) {
    const p = share(truth, key);
    sum += Math.sqrt((2 / Math.PI) * p * (1 - p) * (1 / truth.samples + 1 / other.samples));
  }
  return sum / 2;
}
