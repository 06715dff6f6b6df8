import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Engine, UpdateDeadline } from '../../lib/index.js';
import { alive, collectUntil, expectError, start, world } from './support.js';

/** Runs until its deadline was met `n` times, which needs someone who ticks. */
function spinning(meets: number) {
  const parts = world({ epochInterruption: true });
  parts.store.setEpochDeadline(1);
  let met = 0;
  parts.store.epochDeadlineCallback(() =>
    ++met === meets ? UpdateDeadline.interrupt : UpdateDeadline.continue(1),
  );
  return start('(module (func (export "spin") (loop (br 0))))', {}, parts);
}

function spin(guest: ReturnType<typeof spinning>): void {
  expect(() => guest.call('spin')).toThrow('interrupt');
}

/** Threads of this process that are ours, by name. */
function ownThreads(): string[] {
  const names = readdirSync('/proc/self/task').map((id) => {
    try {
      return readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim();
    } catch {
      // It has ended meanwhile.
      return '';
    }
  });
  return names.filter((name) => name.startsWith('wasm-'));
}

describe('an epoch ticker', () => {
  it.runIf(process.platform === 'linux')('has no thread of its own', () => {
    const tickers = Array.from({ length: 300 }, () =>
      new Engine({ epochInterruption: true }).startEpochTicker(1),
    );
    expect(ownThreads().filter((name) => name !== 'wasm-signals')).toEqual(['wasm-timer']);
    const guest = spinning(5);
    using _ = guest.engine.startEpochTicker(0.1);
    spin(guest);
    for (const ticker of tickers) ticker.dispose();
  });

  it('ticks while the guest holds the thread', () => {
    const guest = spinning(5);
    using ticker = guest.engine.startEpochTicker(0.1);
    spin(guest);
    expect(ticker.intervalMs).toBe(0.1);
    expect(ticker.ticks).toBeGreaterThanOrEqual(5);
    expect(ticker.missedTicks).toBeGreaterThanOrEqual(0);
  });

  it('stops when disposed, once or twice', async () => {
    const guest = spinning(1);
    const ticker = guest.engine.startEpochTicker(0.1);
    spin(guest);
    ticker.dispose();
    ticker.dispose();
    ticker[Symbol.dispose]();
    // A tick may be under way; then there is none.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const { ticks } = ticker;
    expect(ticks).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(ticker.ticks).toBe(ticks);
  });

  it('ticks on when nobody keeps its handle', async () => {
    const guest = spinning(3);
    const made = (() => {
      guest.engine.startEpochTicker(0.1);
      return new WeakRef({});
    })();
    expect(await collectUntil(() => made.deref() === undefined)).toBe(true);
    spin(guest);
  });

  it('several tick one engine', () => {
    const guest = spinning(3);
    using first = guest.engine.startEpochTicker(0.1);
    using second = guest.engine.startEpochTicker(0.2);
    spin(guest);
    expect(first.ticks + second.ticks).toBeGreaterThanOrEqual(3);
  });

  it('is collected with its engine, and keeps neither alive', async () => {
    const refs = (() => {
      const engine = new Engine({ epochInterruption: true });
      return [new WeakRef(engine), new WeakRef(engine.startEpochTicker(1))];
    })();
    expect(await collectUntil(() => alive(refs) === 0)).toBe(true);
  });

  it('outlives its engine when its handle is kept', async () => {
    let engine: Engine | undefined = new Engine({ epochInterruption: true });
    const ticker = engine.startEpochTicker(0.1);
    const ref = new WeakRef(engine);
    engine = undefined;
    await collectUntil(() => ref.deref() === undefined);
    expect(ticker.ticks).toBeGreaterThanOrEqual(0);
    ticker.dispose();
  });

  it.each([0, -1, 0.04, Number.NaN, Number.POSITIVE_INFINITY, 60_001])('not every %d ms', (ms) => {
    const error = expectError(RangeError, 'ERR_OUT_OF_RANGE', () =>
      new Engine().startEpochTicker(ms),
    );
    expect(error.message).toBe(`intervalMs: expected milliseconds from 0.05 to 60000, got ${ms}`);
  });
});
