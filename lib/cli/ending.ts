import { ComponentError } from '../runtime/component/component-error.js';
import { Trap, WasiExit } from '../runtime/errors.js';
import type { InterruptHandle } from '../runtime/interrupt-handle.js';
import { ExitCode, exitCodeOfSignal } from './exit-code.js';
import { missingFeatures } from './missing-features.js';

/** How a guest ended. */
export type Ending =
  | { readonly kind: 'returned'; readonly results: readonly unknown[] }
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'trapped'; readonly error: Trap }
  /** What a host function of WASI, or one of ours, failed with. */
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals };

/** What ends a guest whose epoch doesn't tick, where it calls the host. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Runs a guest to its end, whatever that is. */
export function endingOf(guest: () => readonly unknown[], interrupt: InterruptHandle): Ending {
  try {
    return { kind: 'returned', results: guest() };
  } catch (error) {
    return endingBy(error, interrupt);
  }
}

/** {@link endingOf} one that is called asynchronously. */
export async function endingOfAsync(
  guest: () => Promise<readonly unknown[]>,
  interrupt: InterruptHandle,
): Promise<Ending> {
  try {
    return { kind: 'returned', results: await guest() };
  } catch (error) {
    return endingBy(error, interrupt);
  }
}

function endingBy(error: unknown, { reason }: InterruptHandle): Ending {
  if (error instanceof WasiExit) return { kind: 'exited', code: error.exitCode };
  // What a component's run function returns when it fails.
  if (error instanceof ComponentError) return { kind: 'exited', code: 1 };
  const isInterrupted = error instanceof Interrupted;
  if (!(error instanceof Trap || isInterrupted)) return { kind: 'failed', error };
  // A guest may trap by itself after the interrupt and before it has noticed.
  const isOurs = isInterrupted || error.trapCode === 'Interrupt';
  if (!isOurs || reason === undefined || reason === 'triggered') {
    return isInterrupted ? { kind: 'failed', error } : { kind: 'trapped', error };
  }
  return reason === 'timeout' ? { kind: 'timeout' } : { kind: 'signal', signal: reason };
}

export function exitCodeOf(ending: Ending): number {
  switch (ending.kind) {
    case 'returned':
      return 0;
    case 'exited':
      return ending.code;
    case 'trapped':
      return ExitCode.Trap;
    case 'failed':
      return ExitCode.Failure;
    case 'timeout':
      return ExitCode.Timeout;
    case 'signal':
      return exitCodeOfSignal(ending.signal);
  }
}

/** For the summary: what the guest did. */
export function describeEnding(ending: Ending): string {
  switch (ending.kind) {
    case 'returned':
      return 'returned';
    case 'exited':
      return `exited with code ${ending.code}`;
    case 'trapped':
      return 'trapped';
    case 'failed':
      return 'failed';
    case 'timeout':
      return 'ran out of time';
    case 'signal':
      return `was ended by ${ending.signal}`;
  }
}

/** What to tell even when no summary is wanted: Wasmtime's own text, as its command line prints it. */
export function errorTextOf(ending: Ending): string | undefined {
  if (ending.kind !== 'trapped' && ending.kind !== 'failed') return undefined;
  const { error } = ending;
  const message = error instanceof Error ? error.message : String(error);
  return `Error: ${message}${ending.kind === 'failed' ? missingFeatures(message) : ''}`;
}
