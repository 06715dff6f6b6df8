import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  Engine,
  FinishedProfile,
  GuestProfiler,
  Linker,
  Module,
  Store,
  WasiConfig,
} from '../../lib/index.js';
import { openProfile } from '../readers/profiler-cli.js';
import { guestPath } from '../runtime/support.js';
import { finish } from './support.js';

const directory = mkdtempSync(join(tmpdir(), 'facts-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('what a profile tells of its recording', () => {
  it('is the engine, the interval, missed ticks and the modules’ hashes', async () => {
    const engine = new Engine({ epochInterruption: true });
    const path = guestPath('c/parser.wasm');
    const module = Module.fromFile(engine, path);
    const unseen = Module.compile(engine, '(module (func))');
    const listed = [['parser', module] as const, ['unseen', unseen] as const];
    const profiler = new GuestProfiler('guest', 2.5, listed);
    const store = new Store(engine);
    const recorder = profiler.attach(store, { sampler: 'epoch' });
    store.setWasi(new WasiConfig({ args: ['parser', '40'] }));
    new Linker(engine).addWasi().instantiate(store, module).getFunc(store, '_start').call(store);
    recorder.detach();
    const { json } = await finish(profiler);
    // Whether a tick comes while WASI writes is a matter of chance.
    const [{ entries, ...section }, ...others] = json.meta.extra;
    const facts = entries.filter(
      ({ label }: { label: string }) => !label.endsWith('outside the guest'),
    );
    expect([{ ...section, entries: facts }, ...others]).toEqual([
      {
        label: 'Recording of guest',
        entries: [
          {
            label: 'Engine',
            format: 'string',
            value: expect.stringMatching(/^Wasmtime 48\.\d+\.\d+$/),
          },
          { label: 'Interval', format: 'duration', value: 2.5 },
          { label: 'Sampled by', format: 'string', value: 'epochs' },
          { label: 'Missed ticks', format: 'integer', value: recorder.missedTicks },
          {
            label: 'SHA-256 of parser',
            format: 'string',
            value: createHash('sha256').update(readFileSync(path)).digest('hex'),
          },
        ],
      },
    ]);
    expect(json.meta.arguments).toBeUndefined();
  });

  it('has no missed ticks where none were made', async () => {
    const engine = new Engine({ epochInterruption: true });
    const profiler = new GuestProfiler('guest', 1, [['g', Module.compile(engine, '(module)')]]);
    profiler.attach(new Store(engine), { everyEpoch: true });
    const { json } = await finish(profiler);
    const labels = json.meta.extra[0].entries.map(({ label }: { label: string }) => label);
    expect(labels).not.toContain('Missed ticks');
  });

  it('is the arguments when asked for, which the Firefox Profiler shows', async () => {
    const module = Module.compile(new Engine(), '(module)');
    const profiler = new GuestProfiler('guest', 1, [['g', module]], {
      arguments: ['--rounds=7', 'two words', '', "it's"],
    });
    const path = join(directory, 'a.json');
    const profile = profiler.finishProfile();
    await profile.write(path);
    await using reader = await openProfile(path);
    const line = `--rounds=7 "two words" "" "it's"`;
    expect(await reader.query('profile', 'meta')).toMatchObject({ arguments: line });
    const again = await FinishedProfile.read(path);
    expect(await again.write()).toEqual(await profile.write());
    const { meta } = JSON.parse(
      Buffer.from(await FinishedProfile.merge([profile]).write()).toString(),
    );
    expect(meta.arguments).toBe(line);
  });

  it.each([
    ['a string', 'ERR_INVALID_ARG_TYPE'],
    [['a', 7], 'ERR_INVALID_ARG_TYPE'],
  ])('takes no arguments of other types: %j', (args, code) => {
    const module = Module.compile(new Engine(), '(module)');
    const options = { arguments: args as never };
    expect(() => new GuestProfiler('guest', 1, [['g', module]], options)).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
