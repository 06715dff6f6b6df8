import { describe, expect, it } from 'vitest';
import { MarkerPhase, MarkerTable } from '../../lib/profile/marker-table.js';
import { NO_STACK } from '../../lib/profile/stack-table.js';

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
