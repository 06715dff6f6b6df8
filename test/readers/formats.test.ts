import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FinishedProfile } from '../../lib/index.js';
import { firstLines, recordedProfile } from '../support/recorded-profile.js';
import { hotFunctions } from './profiler-cli.js';
import {
  devtoolsNodes,
  devtoolsTop,
  flamegraphTop,
  pprofText,
  pprofTop,
  type SelfSamples,
} from './tools.js';

describe('the ten hottest functions of a real profile, as its readers tell', () => {
  const directory = mkdtempSync(join(tmpdir(), 'formats-'));
  const file = (name: string) => join(directory, name);
  let profile: FinishedProfile;
  let expected: [string, number][];

  beforeAll(() => {
    profile = recordedProfile();
    expected = top(named(profile.hotFunctions()));
    expect(expected).toHaveLength(10);
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it.each(['p.json', 'p.json.gz', 'p.jslb', 'p.jslb.gz', 'p.folded', 'p.folded.gz'])(
    'the Firefox Profiler, of %s',
    async (name) => {
      await profile.write(file(name));
      expect(top(named(await hotFunctions(file(name), 1000)))).toEqual(expected);
    },
  );

  it.each(['p.pb.gz', 'p.pprof'])('go tool pprof, of %s', async (name) => {
    await profile.write(file(name));
    expect(top(await pprofTop(file(name)))).toEqual(expected);
  });

  it('Chrome DevTools, of a .cpuprofile', async () => {
    await profile.write(file('p.cpuprofile'), { weight: 'samples' });
    expect(top(await devtoolsTop(file('p.cpuprofile')))).toEqual(expected);
  });

  it('inferno’s flame graph, of folded stacks', async () => {
    await profile.write(file('f.folded'), { weight: 'samples' });
    expect(top(await flamegraphTop(file('f.folded')))).toEqual(expected);
  });

  it('go tool pprof knows lines, times and the machine code’s module', async () => {
    await profile.write(file('lines.pb.gz'));
    const lines = await pprofText(file('lines.pb.gz'), '-top', '-lines', '-sample_index=cpu');
    expect(lines).toMatch(/^File: parser\.wasm$/m);
    expect(lines).toMatch(/^Type: cpu$/m);
    expect(lines).toMatch(/ by_letters .*order\.c:\d+/);
    const raw = await pprofText(file('lines.pb.gz'), '-raw');
    expect(raw).toMatch(/^samples\/count\[dflt\] wall\/nanoseconds cpu\/nanoseconds$/m);
  });

  it('go tool pprof and Chrome DevTools know where functions begin', async () => {
    await profile.write(file('starts.pb.gz'));
    await profile.write(file('starts.cpuprofile'));
    const raw = await pprofText(file('starts.pb.gz'), '-raw');
    // A location's line, and the one where its function begins.
    const inPprof = raw.matchAll(/ (\w+) (?:\S+\/)?order\.c:\d+:\d+ s=(\d+)$/gm);
    // Lines count from 0 there.
    const nodes = (await devtoolsNodes(file('starts.cpuprofile'))).map(
      ({ callFrame }) => callFrame,
    );
    const inDevTools = nodes.filter(({ url }) => /(^|\/)order\.c$/.test(url));
    const expected = firstLines('order.c');
    for (const found of [
      [...inPprof].map(([, name, line]) => [name, Number(line)] as const),
      inDevTools.map(({ functionName, lineNumber }) => [functionName, lineNumber + 1] as const),
    ]) {
      expect(new Set(found.map(([name]) => name)).size).toBeGreaterThan(3);
      expect(found.filter(([name, line]) => expected.get(name ?? '') !== line)).toEqual([]);
    }
  });
});

function named(functions: readonly { name: string; selfSamples: number }[]): SelfSamples {
  const sums: SelfSamples = new Map();
  for (const { name, selfSamples } of functions) {
    sums.set(name, (sums.get(name) ?? 0) + selfSamples);
  }
  return sums;
}

/** Ten, by samples and then by name: readers order equal ones as they like. */
function top(samples: SelfSamples): [string, number][] {
  return [...samples].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, 10);
}
