/**
 * What a sample interrupts the guest by.
 *
 * - `'signal'`: a signal, at whatever instruction runs, in the host too. Code needs no epoch checks. On Linux, x64 and arm64; on
 *   macOS and Windows x64 the thread is suspended instead, where it is asked for: only an emulator has tried that.
 * - `'epoch'`: the next check of the engine's epoch, at a function's entry or a loop's header, as upstream.
 */
export type Sampler = 'signal' | 'epoch';

/** What time of the guest's thread samples are of: `'cpu'`, while it has a processor, or `'wall'`, all of it. */
export type SampleClock = 'cpu' | 'wall';

export const SAMPLERS = ['signal', 'epoch'] as const;
export const CLOCKS = ['cpu', 'wall'] as const;
