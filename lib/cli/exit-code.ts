import { constants } from 'node:os';

/** The exit codes of ours; all others are the guest's. */
export const ExitCode = {
  /** Something that we were asked to do can't be done. */
  Failure: 1,
  /** The command line makes no sense. */
  Usage: 2,
  /** Something grew by more than a comparison was told to allow. */
  Above: 3,
  /** As GNU `timeout`. */
  Timeout: 124,
  /** As Wasmtime's own command line: what `abort` gives on this system. */
  Trap: process.platform === 'win32' ? 3 : 128 + 6,
} as const;

/** As a shell tells of a process that a signal has ended. */
export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
