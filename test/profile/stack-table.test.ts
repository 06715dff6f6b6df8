import { describe, expect, it } from 'vitest';
import { NO_STACK, StackTable } from '../../lib/profile/stack-table.js';
import { seededRandom } from '../support/random.js';

/** What a stack table means, without any cleverness: a row for each distinct (prefix, frame). */
class ObviousStackTable {
  readonly rows: { prefix: number; frame: number }[] = [];

  intern(prefix: number, frame: number): number {
    const known = this.rows.findIndex((row) => row.prefix === prefix && row.frame === frame);
    return known >= 0 ? known : this.rows.push({ prefix, frame }) - 1;
  }
}

describe('StackTable', () => {
  it.each([1, 2, 3, 4, 5])('equals an obvious table on random stacks (seed %i)', (seed) => {
    const random = seededRandom(seed);
    const fast = new StackTable();
    const obvious = new ObviousStackTable();
    const frames = 1 + random(12);
    for (let sample = 0; sample < 300; sample++) {
      let stack = NO_STACK;
      const depth = random(20);
      for (let level = 0; level < depth; level++) {
        const frame = random(frames);
        const expected = obvious.intern(stack, frame);
        stack = fast.intern(stack, frame);
        expect(stack).toBe(expected);
      }
    }
    expect([...fast.frame.view()]).toEqual(obvious.rows.map(({ frame }) => frame));
    expect([...fast.prefix.view()]).toEqual(obvious.rows.map(({ prefix }) => prefix));
  });

  it('gives the frames back, outermost first', () => {
    const table = new StackTable();
    const stack = [5, 3, 5, 8].reduce((prefix, frame) => table.intern(prefix, frame), NO_STACK);
    expect(table.frames(stack)).toEqual([5, 3, 5, 8]);
    expect(table.frames(NO_STACK)).toEqual([]);
  });

  it('holds a recursion 100,000 deep, and finds all of it again', () => {
    const table = new StackTable();
    const descend = () => {
      let stack = NO_STACK;
      for (let depth = 0; depth < 100_000; depth++) stack = table.intern(stack, 7);
      return stack;
    };
    expect(descend()).toBe(99_999);
    expect(descend()).toBe(99_999);
    expect(table.length).toBe(100_000);
    expect(table.frames(99_999)).toHaveLength(100_000);
  });

  it('is as quick on a wide node, a recursion and a grid: no shape clusters in the hash', () => {
    const timePerRow = (shape: (row: number) => [prefix: number, frame: number]) => {
      const table = new StackTable();
      table.intern(NO_STACK, 0);
      const start = process.cpuUsage();
      for (let row = 1; row < 200_000; row++) table.intern(...shape(row));
      return process.cpuUsage(start).user / 200_000;
    };
    // Clustered, these take milliseconds a row; a busy machine and a cold compiler stay far below 20 µs.
    expect(timePerRow((row) => [0, row])).toBeLessThan(20);
    expect(timePerRow((row) => [row - 1, 3])).toBeLessThan(20);
    expect(timePerRow((row) => [row >> 4, row & 15])).toBeLessThan(20);
  });

  it('refuses a prefix that is no row yet', () => {
    const table = new StackTable();
    expect(() => table.intern(0, 0)).toThrow(RangeError);
    expect(() => table.intern(-2, 0)).toThrow(RangeError);
    expect(table.length).toBe(0);
  });
});
