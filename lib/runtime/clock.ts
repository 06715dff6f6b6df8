import { native } from '../native.js';

/**
 * CPU time that the calling thread has used, in milliseconds: the difference of two readings is the
 * `deltaMs` of {@link GuestProfiler.sample}.
 */
export function threadCpuTime(): number {
  return native.threadCpuTime();
}
