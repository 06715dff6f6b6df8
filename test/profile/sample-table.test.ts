import { describe, expect, it } from 'vitest';
import { SampleTable } from '../../lib/profile/sample-table.js';
import { NO_STACK } from '../../lib/profile/stack-table.js';

describe('SampleTable', () => {
  it('never lets time fall', () => {
    const samples = new SampleTable();
    for (const time of [-1, 2, 1.5, 2, 3]) samples.push(NO_STACK, time, 0);
    expect([...samples.time.segments()].flatMap((s) => [...s])).toEqual([-1, 2, 2, 2, 3]);
  });

  it.each([Number.NaN, Infinity])('refuses the time %d', (time) => {
    expect(() => new SampleTable().push(NO_STACK, time, 0)).toThrow(RangeError);
  });

  it.each([Number.NaN, Infinity, -1e-9])('refuses the CPU delta %d, whole', (delta) => {
    const samples = new SampleTable();
    expect(() => samples.push(NO_STACK, 0, delta)).toThrow(RangeError);
    expect([samples.length, samples.time.length, samples.cpuDelta.length]).toEqual([0, 0, 0]);
  });

  it('costs at most 24 bytes a sample', () => {
    const rows = 2_000_000;
    const samples = new SampleTable();
    const before = process.memoryUsage().arrayBuffers;
    for (let row = 0; row < rows; row++) samples.push(row, row, 1);
    const bytes = process.memoryUsage().arrayBuffers - before;
    expect(samples.length).toBe(rows);
    expect(bytes / rows).toBeLessThan(24);
  });
});
