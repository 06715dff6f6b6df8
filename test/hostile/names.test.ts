import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { readProfileBytes } from '../../lib/formats/read.js';
import { type FinishedProfile, FORMAT_NAMES } from '../../lib/index.js';
import { assertProfileIntegrity } from '../support/profile-integrity.js';
import { hostileProfile, shownName } from './hostile-profile.js';
import { HOSTILE_STRINGS, LONE_SURROGATES } from './strings.js';

describe('names of everything, chosen by an enemy', () => {
  let profile: FinishedProfile;
  beforeAll(() => {
    profile = hostileProfile();
  });
  const write = async (format: (typeof FORMAT_NAMES)[number]) =>
    Buffer.from(await profile.write(undefined, { format }));

  it('stay what they are in the Firefox format, and in jslb, which is read again', async () => {
    const json = JSON.parse((await write('firefox')).toString());
    assertProfileIntegrity(json);
    const strings = new Set<string>(json.shared.stringArray);
    for (const name of HOSTILE_STRINGS) expect(strings).toContain(shownName(name));
    for (const name of LONE_SURROGATES) expect(strings).toContain(name);
    const funcs = json.shared.funcTable.name.map((name: number) => json.shared.stringArray[name]);
    expect(new Set(funcs)).toEqual(new Set(HOSTILE_STRINGS.map(shownName)));
    const again = await readProfileBytes(await write('jslb'));
    const names = Array.from({ length: again.funcs.length }, (_, i) =>
      again.strings.get(again.funcs.name.get(i)),
    );
    expect(new Set(names)).toEqual(new Set(funcs));
  });

  it('are valid in every format', async () => {
    for (const format of ['cpuprofile', 'speedscope'] as const) {
      const text = (await write(format)).toString();
      expect(() => JSON.parse(text)).not.toThrow();
      for (const name of ['__proto__', '</script><script>window.pwned = 1</script>']) {
        expect(JSON.stringify(JSON.parse(text))).toContain(JSON.stringify(name).slice(1, -1));
      }
    }
    expect(gunzipSync(await write('pprof')).includes('</script><script>')).toBe(true);
    expect(new Set(FORMAT_NAMES)).toEqual(
      new Set(['firefox', 'jslb', 'cpuprofile', 'speedscope', 'pprof', 'folded', 'html']),
    );
  });

  it('break no line of folded stacks', async () => {
    const lines = (await write('folded')).toString().split('\n').slice(0, -1);
    expect(lines.length).toBeGreaterThan(50);
    for (const line of lines) {
      expect(line).toMatch(/^[^\p{Cc};\u2028\u2029]* \d+$/u);
    }
  });

  it('end no script of the page', async () => {
    const page = (await write('html')).toString();
    const ends = [...page.matchAll(/<\/script/gi)];
    const begins = [...page.matchAll(/<script/gi)];
    expect(ends.length).toBe(begins.length);
    expect(page).not.toContain('window.pwned = 1</script>');
    expect(page).not.toContain('<img src=x');
  });
});
