import { describe, expect, it } from 'vitest';
import { NO_STACK } from '../../lib/profile/stack-table.js';
import { Thread } from '../../lib/profile/thread.js';

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
