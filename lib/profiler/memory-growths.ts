import { MarkerPhase, MarkerTable } from '../profile/marker-table.js';
import type { Profile } from '../profile/profile.js';
import type { Thread } from '../profile/thread.js';

/** What a memory's growth is called, as an instruction and by {@link watchMemory}. */
export const MEMORY_GROW = 'memory.grow';

/**
 * Makes one marker of each growth that is there twice: as a host call, since Wasmtime does that instruction's work, and
 * from {@link watchMemory}, which knows the sizes. The host call gets these, and keeps its times.
 */
export function joinMemoryGrowths(profile: Profile, thread: Thread): void {
  const { markers } = thread;
  const name = profile.strings.intern(MEMORY_GROW);
  const calls: { row: number; startMs: number; endMs: number }[] = [];
  const growths: number[] = [];
  for (let row = 0; row < markers.length; row++) {
    if (markers.name.get(row) !== name) continue;
    const startMs = markers.startTime.get(row);
    switch (markers.phase.get(row)) {
      case MarkerPhase.Instant:
        growths.push(row);
        break;
      case MarkerPhase.IntervalStart:
        calls.push({ row, startMs, endMs: Number.POSITIVE_INFINITY });
        break;
      case MarkerPhase.IntervalEnd: {
        const begun = calls.at(-1);
        if (begun !== undefined) begun.endMs = markers.endTime.get(row);
        break;
      }
      default:
    }
  }
  const joined = new Set<number>();
  let at = 0;
  for (const row of growths) {
    const timeMs = markers.startTime.get(row);
    while ((calls[at]?.endMs ?? Number.POSITIVE_INFINITY) < timeMs) at++;
    const call = calls[at];
    const fields = markers.fields(row);
    if (call === undefined || call.startMs > timeMs || fields === undefined) continue;
    markers.setFields(call.row, fields);
    joined.add(row);
    at++;
  }
  if (joined.size > 0) thread.markers = without(markers, joined);
}

function without(markers: MarkerTable, rows: ReadonlySet<number>): MarkerTable {
  const left = new MarkerTable();
  for (let row = 0; row < markers.length; row++) {
    if (rows.has(row)) continue;
    const kind = {
      name: markers.name.get(row),
      schema: markers.schema.get(row),
      category: markers.category.get(row),
    };
    left.append(kind, markers.row(row, 0), markers.cause.get(row));
  }
  return left;
}
