import { describe, expect, it } from 'vitest';
import { MarkerPhase, MarkerTable } from '../../lib/profile/marker-table.js';
import { SampleTable } from '../../lib/profile/sample-table.js';
import { NO_STACK } from '../../lib/profile/stack-table.js';
import { Thread } from '../../lib/profile/thread.js';

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

describe('MarkerTable', () => {
  const kind = { name: 3, schema: 0 };

  it('notes instants, intervals, starts and ends', () => {
    const markers = new MarkerTable();
    markers.pushInstant({ name: 1 }, 1);
    markers.pushInterval(kind, 2, 3, 9);
    markers.pushIntervalStart(kind, 4);
    markers.pushIntervalEnd(kind, 5);
    const rows = [0, 1, 2, 3].map((row) => [
      markers.phase.get(row),
      markers.startTime.get(row),
      markers.endTime.get(row),
      markers.cause.get(row),
    ]);
    expect(rows).toEqual([
      [MarkerPhase.Instant, 1, 0, NO_STACK],
      [MarkerPhase.Interval, 2, 3, 9],
      [MarkerPhase.IntervalStart, 4, 0, NO_STACK],
      [MarkerPhase.IntervalEnd, 0, 5, NO_STACK],
    ]);
  });

  it('closes an open interval once, never before its start', () => {
    const markers = new MarkerTable();
    const marker = markers.pushIntervalStart(kind, 4);
    markers.close(marker, 3);
    expect([markers.phase.get(marker), markers.endTime.get(marker)]).toEqual([
      MarkerPhase.Interval,
      4,
    ]);
    expect(() => markers.close(marker, 5)).toThrow('expected an open interval');
  });

  it('takes fields only with a schema', () => {
    const markers = new MarkerTable();
    const marker = markers.pushInstant(kind, 0);
    markers.setFields(marker, { bytes: 4 });
    expect(markers.fields(marker)).toEqual({ bytes: 4 });
    expect(() => markers.setFields(markers.pushInstant({ name: 0 }, 0), {})).toThrow(TypeError);
  });

  it('refuses a time that is none', () => {
    const markers = new MarkerTable();
    expect(() => markers.pushInstant(kind, Number.NaN)).toThrow(RangeError);
    expect([markers.length, markers.startTime.length]).toEqual([0, 0]);
  });
});

describe('Thread', () => {
  it('ends no sooner than its last sample', () => {
    const thread = new Thread({ name: 't' }, 0);
    expect(thread.endMs).toBeUndefined();
    thread.samples.push(NO_STACK, 5, 0);
    thread.end(4);
    expect(thread.endMs).toBe(5);
  });

  it('is the main thread and has its own tid, unless told otherwise', () => {
    const tids = [0, 1].map((index) => new Thread({ name: 't' }, index));
    expect(tids.map((t) => [t.tid, t.isMainThread])).toEqual([
      [0, true],
      [1, false],
    ]);
    expect(new Thread({ name: 't', isMainThread: false, tid: 'x' }, 0)).toMatchObject({
      isMainThread: false,
      tid: 'x',
    });
  });
});
