import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { profileGuest, Trap } from '../../lib/index.js';
import { spinner } from './spinner.js';

const WORK = 200_000_000;
const directory = mkdtempSync(join(tmpdir(), 'profile-guest-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('profileGuest', () => {
  const { module, store, spin, trap } = spinner();
  const modules = [['spinner', module]] as const;

  it('gives the result and the profile', () => {
    const { result, profile } = profileGuest(
      store,
      () => {
        spin.call(store, WORK);
        return 7;
      },
      { modules },
    );
    expect(result).toBe(7);
    expect(profile.name).toBe('spinner');
    expect(profile.hotFunctions()[0]).toMatchObject({ name: 'work' });
    expect(profile.samples).toBeGreaterThan(3);
  });

  it('profiles until a promise is settled', async () => {
    const { result, profile } = await profileGuest(
      store,
      async () => {
        await sleep(5);
        spin.call(store, WORK);
        return 'later';
      },
      { modules, name: 'named', intervalMs: 0.5 },
    );
    expect(result).toBe('later');
    expect(profile.name).toBe('named');
    expect(profile.samples).toBeGreaterThan(3);
  });

  it('writes the output, in its format, when the guest traps too', () => {
    const output = join(directory, 'trap.folded');
    expect(() =>
      profileGuest(store, () => trap.call(store, WORK), { modules, output, weight: 'samples' }),
    ).toThrow(Trap);
    expect(readFileSync(output, 'utf8')).toMatch(/;work \d+\n/);
  });

  it('writes the output when a promise is rejected', async () => {
    const output = join(directory, 'rejected.json');
    const failure = new Error('no');
    const fails = async () => {
      throw failure;
    };
    await expect(profileGuest(store, fails, { modules, output })).rejects.toBe(failure);
    expect(existsSync(output)).toBe(true);
  });

  it('refuses an output that no format has before anything runs', () => {
    let calls = 0;
    const run = () => calls++;
    for (const options of [{ output: 'p.xyz' }, { output: 7 }, { output: 'p', format: 'svg' }]) {
      const given = { modules, ...options } as never;
      expect(() => profileGuest(store, run, given)).toThrow(/output: expected|options.format/);
    }
    expect(calls).toBe(0);
  });

  it('leaves the store free for the next', () => {
    for (let i = 0; i < 3; i++) profileGuest(store, () => spin.call(store, 1), { modules });
  });

  it.each([
    [() => profileGuest(store, 7 as never, { modules }), 'ERR_INVALID_ARG_TYPE'],
    [() => profileGuest(store, () => {}, undefined as never), 'ERR_INVALID_ARG_TYPE'],
    [() => profileGuest(store, () => {}, { modules, every: 1 } as never), 'ERR_INVALID_ARG_VALUE'],
    [() => profileGuest(store, () => {}, {} as never), 'ERR_INVALID_ARG_TYPE'],
    [() => profileGuest(store, () => {}, { modules, intervalMs: 0.01 }), 'ERR_OUT_OF_RANGE'],
    [() => profileGuest({} as never, () => {}, { modules }), 'ERR_INVALID_ARG_TYPE'],
  ])('refuses wrong arguments: %#', (call, code) => {
    expect(call).toThrow(expect.objectContaining({ code }));
  });
});
