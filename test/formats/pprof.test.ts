import { gunzipSync } from 'node:zlib';
import { Profile as Pprof } from 'pprof-format';
import { describe, expect, it } from 'vitest';
import { pprof } from '../../lib/formats/pprof.js';
import { START_UNIX_MS, sampleProfile } from '../support/sample-profile.js';

describe('pprof', () => {
  it('has each stack once, with its samples, wall and CPU time', () => {
    const { sample } = decoded();
    expect(sample.map(({ value }) => value.map(Number))).toEqual([
      [8, 8_000_000, 5_250_000],
      [4, 4_000_000, 3_000_000],
      [3, 3_000_000, 2_250_000],
      [3, 3_000_000, 2_250_000],
    ]);
  });

  it('puts inlined functions into the location that they were inlined at, innermost first', () => {
    const profile = decoded();
    const lines = profile.sample[0]?.locationId.map((id) => {
      const location = profile.location[Number(id) - 1];
      return location?.line.map(({ functionId, line }) => {
        const func = profile.function[Number(functionId) - 1];
        return `${profile.stringTable.strings[Number(func?.name)]}:${line}`;
      });
    });
    expect(lines).toEqual([['memchr:0'], ['skip_space:0', 'parse:11'], ['main:2']]);
  });

  it('keeps the addresses of modules apart', () => {
    const { location, mapping } = decoded();
    for (const { address, mappingId } of location.filter(({ mappingId }) => mappingId !== 0)) {
      const module = mapping[Number(mappingId) - 1];
      expect(BigInt(address) >= BigInt(module?.memoryStart ?? 0)).toBe(true);
      expect(BigInt(address) < BigInt(module?.memoryLimit ?? 0)).toBe(true);
    }
  });

  it('tells when, how long, and which value to show first', () => {
    const profile = decoded();
    expect(BigInt(profile.timeNanos)).toBe(BigInt(START_UNIX_MS) * 1_000_000n);
    expect(Number(profile.durationNanos)).toBe(21_000_000);
    expect(Number(profile.period)).toBe(1_000_000);
    expect(profile.stringTable.strings[Number(profile.defaultSampleType)]).toBe('cpu');
  });

  it('labels samples with their thread where there are several', () => {
    const profile = sampleProfile();
    profile.addThread({ name: 'worker' }).samples.push(0, 1, 0);
    const { sample, stringTable } = Pprof.decode(bytes(profile));
    const labels = sample.map(({ label }) => stringTable.strings[Number(label[0]?.str)]);
    expect(labels).toEqual(['app', 'app', 'app', 'app', 'worker']);
  });
});

const bytes = (profile = sampleProfile()) => gunzipSync(Buffer.concat([...pprof(profile, 'cpu')]));
const decoded = () => Pprof.decode(bytes());
