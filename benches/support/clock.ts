import { threadCpuTime } from '../../lib/index.js';

/** CPU time of this thread that `work` takes, in nanoseconds: a neighbour's load counts less in it. */
export function cpuNs(work: () => void): number {
  const start = threadCpuTime();
  work();
  return (threadCpuTime() - start) * 1e6;
}

/** CPU time that all threads of this process have used, in milliseconds. */
export function processCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

export function peakRssBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}
