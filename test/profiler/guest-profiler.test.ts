import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  CallHook,
  Engine,
  GuestProfiler,
  Module,
  type NamedModule,
  type ProfileOutput,
  Store,
  UpdateDeadline,
} from '../../lib/index.js';
import {
  expectError,
  expectMisuse,
  type Guest,
  startBumping,
  thrownBy,
} from '../runtime/support.js';
import { finish, readProfile } from './support.js';

const directory = mkdtempSync(join(tmpdir(), 'profiler-errors-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** A guest of 100 samples a turn, and a profiler that has seen nothing yet. */
function guestWithProfiler(): { guest: Guest; profiler: GuestProfiler } {
  let profiler: GuestProfiler | undefined;
  const guest = startBumping('wat/loops.wat', (store) => {
    store.epochDeadlineCallback((store) => {
      profiler?.sample(store, 0.25);
      return UpdateDeadline.continue(1);
    });
  });
  profiler = new GuestProfiler('loops', 1, [['loops', guest.module]]);
  return { guest, profiler };
}

/** That the process, and a new profile, live on. */
async function expectGoodProfile(): Promise<void> {
  const { guest, profiler } = guestWithProfiler();
  guest.call('run', 1);
  const { stacks } = await finish(profiler);
  expect(stacks).toHaveLength(100);
  expect(stacks[0]).toEqual(['run', 'hot']);
}

afterEach(expectGoodProfile);

const rejection = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('expected a rejection'),
    (error: unknown) => error as Error & { code?: string },
  );

describe('a store that does not run', () => {
  it('gives an empty stack', async () => {
    const { guest, profiler } = guestWithProfiler();
    profiler.sample(guest.store, 0);
    guest.call('run', 1);
    profiler.sample(guest.store, 0);
    thrownBy(() => guest.call('absent'));
    profiler.sample(new Store(guest.engine), 0);
    profiler.sample(new Store(new Engine()), 0);
    const { stacks } = await finish(profiler);
    expect(stacks).toHaveLength(104);
    expect(stacks.filter((stack) => stack.length === 0)).toHaveLength(4);
    expect([stacks[0], stacks[101], stacks[102], stacks[103]]).toEqual([[], [], [], []]);
  });

  it('gives an empty stack after a trap and after an exception', async () => {
    for (const name of ['unreachable', 'stack_overflow', 'through_two_calls']) {
      let profiler: GuestProfiler | undefined;
      let fail: unknown;
      const guest = startBumping('wat/traps.wat', (store) =>
        store.epochDeadlineCallback((store) => {
          profiler?.sample(store, 0);
          if (fail) throw fail;
          return UpdateDeadline.continue(1);
        }),
      );
      profiler = new GuestProfiler('traps', 1, [['traps', guest.module]]);
      thrownBy(() => guest.call(name));
      profiler.sample(guest.store, 0);
      fail = 'own';
      expect(thrownBy(() => guest.call(name))).toBe('own');
      profiler.sample(guest.store, 0);
      const { stacks } = await finish(profiler);
      const samples = name === 'through_two_calls' ? 3 : 1;
      expect(stacks).toHaveLength(samples + 1 + 1 + 1);
      expect(stacks[0]).toEqual([name]);
      expect(stacks[samples]).toEqual([]);
      expect(stacks[samples + 1]).toEqual([name]);
      expect(stacks[samples + 2]).toEqual([]);
    }
  });

  it('gives an empty stack after each kind of call hook has thrown', async () => {
    for (const kind of Object.values(CallHook)) {
      const { guest, profiler } = guestWithProfiler();
      guest.store.callHook((_, fired) => {
        if (fired === kind) throw kind;
      });
      expect(thrownBy(() => guest.call('run', 1))).toBe(kind);
      guest.store.callHook(null);
      profiler.sample(guest.store, 0);
      guest.call('run', 1);
      const { stacks } = await finish(profiler);
      expect(stacks.filter((stack) => stack.length === 0)).toHaveLength(1);
      const others = stacks.filter((stack) => stack.length > 0);
      expect(others.length).toBeGreaterThanOrEqual(100);
      expect(others.every((stack) => stack[0] === 'run')).toBe(true);
      // And no frame twice, of an activation that was not ended.
      expect(others.every((stack) => stack.length <= 2)).toBe(true);
    }
  });

  it('is refused once disposed', async () => {
    const { guest, profiler } = guestWithProfiler();
    guest.call('run', 1);
    guest.store.dispose();
    expectMisuse('ERR_DISPOSED', () => profiler.sample(guest.store, 0));
    expectMisuse('ERR_DISPOSED', () => profiler.callHook(guest.store, 'CallingHost'));
    expectMisuse('ERR_DISPOSED', () => profiler.attach(guest.store, { sampler: 'epoch' }));
    // The profile keeps what it has, and its modules' names.
    const { stacks } = await finish(profiler);
    expect(stacks).toHaveLength(100);
  });
});

describe('a profile without samples', () => {
  it('is a profile', async () => {
    const { stacks, causes } = await finish(new GuestProfiler('', 1, []));
    expect([stacks, causes]).toEqual([[], []]);
  });

  it('of a module without functions, and of one twice', async () => {
    const { guest } = guestWithProfiler();
    const empty = Module.compile(guest.engine, '(module)');
    const profiler = new GuestProfiler('p', 1, [
      ['empty', empty],
      ['first', guest.module],
      ['second', guest.module],
    ]);
    guest.store.epochDeadlineCallback((store) => {
      profiler.sample(store, 0);
      return UpdateDeadline.continue(1);
    });
    guest.call('run', 1);
    const { stacks } = await finish(profiler);
    expect(stacks).toHaveLength(100);
    expect(stacks[0]).toEqual(['run', 'hot']);
  });
});

describe('after finish', () => {
  it('finish, sample, callHook and attach are refused', async () => {
    const { guest, profiler } = guestWithProfiler();
    guest.call('run', 1);
    guest.store.epochDeadlineCallback(() => UpdateDeadline.continue(1));
    await finish(profiler);
    expect((await rejection(profiler.finish())).code).toBe('ERR_PROFILER_FINISHED');
    expect(await rejection(profiler.finish(join(directory, 'x')))).toBeInstanceOf(TypeError);
    expectMisuse('ERR_PROFILER_FINISHED', () => profiler.finishSync(join(directory, 'x')));
    expectMisuse('ERR_PROFILER_FINISHED', () => profiler.sample(guest.store, 0));
    for (const kind of Object.values(CallHook)) {
      expectMisuse('ERR_PROFILER_FINISHED', () => profiler.callHook(guest.store, kind));
    }
    expectMisuse('ERR_PROFILER_FINISHED', () => profiler.attach(guest.store, { sampler: 'epoch' }));
    expect(readdirSync(directory)).toEqual([]);
  });

  it('a second finish while the first one writes is refused, and harms nothing', async () => {
    const { guest, profiler } = guestWithProfiler();
    guest.call('run', 1);
    const first = profiler.finish();
    expect((await rejection(profiler.finish())).code).toBe('ERR_PROFILER_FINISHED');
    expect(readProfile(await first).stacks).toHaveLength(100);
  });

  it('a sample taken by a callback that goes on unwinds the guest with the error', async () => {
    const { guest, profiler } = guestWithProfiler();
    await finish(profiler);
    expectMisuse('ERR_PROFILER_FINISHED', () => guest.call('run', 1));
  });

  it('from inside of a callback, the profile has all up to there', async () => {
    const { guest, profiler } = guestWithProfiler();
    let profile: Promise<Uint8Array> | undefined;
    let samples = 0;
    guest.store.epochDeadlineCallback((store) => {
      if (samples < 42) profiler.sample(store, 0);
      if (++samples === 42) profile = profiler.finish();
      return UpdateDeadline.continue(1);
    });
    guest.call('run', 1);
    expect(samples).toBe(100);
    expect(readProfile((await profile) as Uint8Array).stacks).toHaveLength(42);
  });
});

describe('numbers out of range', () => {
  const WRONG = [Number.NaN, -1, -Number.MIN_VALUE, Number.POSITIVE_INFINITY, 1e300, 86_400_001];

  it.each([0, -0, ...WRONG])('an interval of %d ms', (interval) => {
    const error = expectError(
      RangeError,
      'ERR_OUT_OF_RANGE',
      () => new GuestProfiler('p', interval, []),
    );
    expect(error.message).toMatch(/^intervalMs: expected milliseconds from .+ to 86400000, got /);
  });

  it.each([Number.MIN_VALUE, 0.001, 86_400_000])(
    'an interval of %d ms is one',
    async (interval) => {
      const { json } = await finish(new GuestProfiler('p', interval, []));
      expect(json.meta.interval).toBe(interval);
    },
  );

  it.each(WRONG)('a delta of %d ms, which adds no sample', async (delta) => {
    const { guest, profiler } = guestWithProfiler();
    const error = expectError(RangeError, 'ERR_OUT_OF_RANGE', () =>
      profiler.sample(guest.store, delta),
    );
    expect(error.message).toMatch(/^deltaMs: expected milliseconds from 0 to 86400000, got /);
    profiler.sample(guest.store, 0);
    expect((await finish(profiler)).stacks).toHaveLength(1);
  });

  it('deltas from zero to a day add up', async () => {
    const { guest, profiler } = guestWithProfiler();
    for (const delta of [0, 0.000001, 1.5, 86_400_000]) profiler.sample(guest.store, delta);
    const { json } = await finish(profiler);
    const { threadCPUDelta } = json.threads[0].samples;
    expect(json.meta.sampleUnits.threadCPUDelta).toBe('ns');
    expect(threadCPUDelta).toEqual([0, 1, 1_500_000, 86_400_000_000_000]);
  });
});

describe('arguments of a wrong kind', () => {
  it('modules', () => {
    const { guest } = guestWithProfiler();
    for (const modules of [
      undefined,
      null,
      {},
      'x',
      [1],
      [['name']],
      [['name', {}]],
      [[1, guest.module]],
      [guest.module],
      [{ name: 'a', module: guest.module }],
      new Map([['name', guest.module]]),
    ]) {
      expectMisuse(
        'ERR_INVALID_ARG_TYPE',
        () => new GuestProfiler('p', 1, modules as unknown as NamedModule[]),
      );
    }
  });

  it('modules of several engines', () => {
    const [first, second] = [guestWithProfiler().guest, guestWithProfiler().guest];
    const error = expectMisuse(
      'ERR_WRONG_ENGINE',
      () =>
        new GuestProfiler('p', 1, [
          ['a', first.module],
          ['b', second.module],
        ]),
    );
    expect(error.message).toBe('the modules of a profile need one engine');
  });

  it('an engine with guestDebug', () => {
    const module = Module.compile(new Engine({ guestDebug: true }), '(module (func))');
    expectMisuse('ERR_GUEST_DEBUG', () => new GuestProfiler('p', 1, [['a', module]]));
  });

  it('the kind of a call hook, which adds no marker', async () => {
    const { guest, profiler } = guestWithProfiler();
    for (const kind of ['callingHost', '', 'CallingHost ', '__proto__']) {
      expectMisuse('ERR_INVALID_ARG_VALUE', () => profiler.callHook(guest.store, kind as CallHook));
    }
    expect((await finish(profiler)).json.threads[0].markers.length).toBe(0);
  });
});

describe('host call markers', () => {
  it('that are never ended, or never begun', async () => {
    const { guest, profiler } = guestWithProfiler();
    profiler.callHook(guest.store, 'ReturningFromHost');
    profiler.callHook(guest.store, 'CallingWasm');
    profiler.callHook(guest.store, 'ReturningFromWasm');
    profiler.callHook(guest.store, 'CallingHost');
    const { json } = await finish(profiler);
    expect(json.threads[0].markers.phase).toEqual([3, 2]);
  });
});

describe('outputs that fail', () => {
  /** Tries a bad output, then a good one, which must have the whole profile. */
  async function expectRetry(bad: unknown, code: string | RegExp): Promise<void> {
    const { guest, profiler } = guestWithProfiler();
    guest.call('run', 1);
    guest.store.epochDeadlineCallback(() => UpdateDeadline.continue(1));
    const error = await rejection(profiler.finish(bad as ProfileOutput));
    expect(`${error.code} ${error.message}`).toMatch(code);
    // It is over all the same: no sample comes after the end.
    expectMisuse('ERR_PROFILER_FINISHED', () => profiler.sample(guest.store, 0));
    const path = join(directory, 'good.json');
    expect(await profiler.finish(path)).toBeUndefined();
    expect(readProfile(readFileSync(path)).stacks).toHaveLength(100);
    expect(readdirSync(directory)).toEqual(['good.json']);
    rmSync(path);
  }

  it('a directory that is not there', () =>
    expectRetry(join(directory, 'absent', 'p.json'), /^ENOENT/));

  it('a directory', () => expectRetry(directory, /^EISDIR/));

  it('an URL that is no file', () =>
    expectRetry(new URL('http://localhost/p.json'), /^ERR_INVALID_URL_SCHEME/));

  it.each([1, true, null, {}, [], { write() {} }])('no output: %j ends nothing', async (bad) => {
    const { guest, profiler } = guestWithProfiler();
    guest.call('run', 1);
    const output = bad as ProfileOutput;
    const error = await rejection(profiler.finish(output));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.code).toBe('ERR_INVALID_ARG_TYPE');
    expect(error.message).toContain('output: expected a path, a file: URL or a Writable, got ');
    expectMisuse('ERR_INVALID_ARG_TYPE', () => profiler.finishSync(output as string));
    expect(profiler.recording).toBe(true);
    expect(readProfile(Buffer.from(await profiler.finish())).stacks).toHaveLength(100);
  });

  it('a stream that fails at once', () =>
    expectRetry(
      new Writable({ write: (_chunk, _encoding, callback) => callback(new Error('full')) }),
      /full/,
    ));

  it('a stream that was destroyed', () =>
    expectRetry(new Writable().destroy(), /^ERR_STREAM_PREMATURE_CLOSE/));

  it('a stream that is destroyed without an error while it is written', () => {
    const stream: Writable = new Writable({ write: () => void stream.destroy() });
    return expectRetry(stream, /^ERR_STREAM_PREMATURE_CLOSE/);
  });

  it('a stream that throws', () =>
    expectRetry(
      new Writable({
        write: () => {
          throw new Error('thrown');
        },
      }),
      /thrown/,
    ));

  it('finishSync, likewise', () => {
    const { guest, profiler } = guestWithProfiler();
    guest.call('run', 1);
    expect(thrownBy(() => profiler.finishSync(join(directory, 'absent', 'p')))).toMatchObject({
      code: 'ENOENT',
    });
    const path = join(directory, 'sync.json');
    profiler.finishSync(pathToFileURL(path));
    expect(readProfile(readFileSync(path)).stacks).toHaveLength(100);
    expectMisuse('ERR_PROFILER_FINISHED', () => profiler.finishSync(path));
    rmSync(path);
  });
});

describe('a recorder', () => {
  it('needs epochs, and is one for each store', async () => {
    const { guest, profiler } = guestWithProfiler();
    expectMisuse('ERR_NO_EPOCHS', () =>
      profiler.attach(new Store(new Engine()), { sampler: 'epoch' }),
    );
    const recorder = profiler.attach(guest.store, { everyEpoch: true });
    expectMisuse('ERR_RECORDER_ATTACHED', () => profiler.attach(guest.store, { sampler: 'epoch' }));
    const other = new GuestProfiler('other', 1, []);
    expectMisuse('ERR_RECORDER_ATTACHED', () => other.attach(guest.store, { sampler: 'epoch' }));
    recorder.detach();
    recorder.detach();
    expect(recorder.attached).toBe(false);
    other.attach(guest.store, { everyEpoch: true });
    await finish(other);
    await finish(profiler);
  });

  it('refuses options of a wrong kind', () => {
    const { guest, profiler } = guestWithProfiler();
    const attach = (options: unknown) => () => profiler.attach(guest.store, options as object);
    for (const options of [null, 1, { everyEpoch: 1 }, { hostCalls: 1 }, { intervalMs: '1' }]) {
      expectMisuse('ERR_INVALID_ARG_TYPE', attach(options));
    }
    expectMisuse('ERR_INVALID_ARG_VALUE', attach({ interval: 1 }));
    expectMisuse('ERR_INVALID_ARG_VALUE', attach({ hostCalls: 'yes' }));
    for (const intervalMs of [0, -1, 0.04, 1001, Number.NaN, Number.POSITIVE_INFINITY]) {
      expectError(RangeError, 'ERR_OUT_OF_RANGE', attach({ intervalMs }));
    }
    expectMisuse('ERR_INVALID_ARG_TYPE', () => profiler.attach({} as Store));
  });

  it('ends with its store, whose samples stay', async () => {
    const { guest, profiler } = guestWithProfiler();
    const recorder = profiler.attach(guest.store, { everyEpoch: true });
    guest.store.epochDeadlineCallback(() => UpdateDeadline.continue(1));
    guest.call('run', 1);
    guest.store.dispose();
    expect(recorder.attached).toBe(false);
    recorder.detach();
    expect((await finish(profiler)).stacks).toHaveLength(100);
  });

  it('keeps what came before a trap and an exception', async () => {
    const { guest, profiler } = guestWithProfiler();
    profiler.attach(guest.store, { everyEpoch: true });
    let left = 30;
    guest.store.epochDeadlineCallback(() => {
      if (--left === 0) throw left;
      return UpdateDeadline.continue(1);
    });
    expect(thrownBy(() => guest.call('run', 1))).toBe(0);
    expect((await finish(profiler)).stacks).toHaveLength(30);
  });
});
