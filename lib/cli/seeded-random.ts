import type { WasiRandom } from '../runtime/wasi-sources.js';

/** All of WASI's random numbers by one seed. */
export function seededRandom(seed: number): WasiRandom {
  return { secure: seed, insecure: seed, insecureSeed: seed };
}
