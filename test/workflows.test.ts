// The workflows run nowhere but at GitHub: what can be known of them here.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const { platformOf }: { platformOf(triple: string): PlatformNames } = await import(
  new URL('../scripts/platforms.mjs', import.meta.url).href
);

/** Of scripts/platforms.mjs. */
interface PlatformNames {
  readonly name: string;
  readonly os: string;
  readonly cpu: string;
  readonly libc?: string;
}

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string | boolean>>;
}
interface Job {
  readonly needs?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
  readonly strategy?: { readonly matrix: { readonly include?: readonly { platform: string }[] } };
}
interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const directory = path.join('.github', 'workflows');
const workflows = readdirSync(path.join(root, directory)).map((name) => ({
  name,
  workflow: parse(read(path.join(directory, name))) as Workflow,
}));
const EMPTY: Workflow = { permissions: {}, jobs: {} };
const manifest = JSON.parse(read('package.json'));
const ci = read('.ci/run');

describe.each(workflows)('$name', ({ workflow }) => {
  const jobs = Object.values(workflow.jobs);
  const steps = jobs.flatMap((job) => job.steps);

  it('takes actions by their digests', () => {
    const actions = steps.flatMap(({ uses }) => uses ?? []);
    expect(actions.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/.test(action))).toEqual([]);
  });

  it('may read, and leaves no token behind', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    for (const { with: options } of checkouts) {
      expect(options).toMatchObject({ 'persist-credentials': false });
    }
  });

  it('runs scripts that are here', () => {
    const commands = steps.flatMap(({ run }) => run?.trim().split(/\n|&&/) ?? []);
    for (const command of commands.map((command) => command.trim())) {
      const [, script] = /^npm run (\S+)/.exec(command) ?? [];
      const [, file] = /^(?:node )?((?:scripts|\.ci)\/\S+)/.exec(command) ?? [];
      if (script !== undefined) expect(manifest.scripts).toHaveProperty([script]);
      else if (file !== undefined)
        expect([file, existsSync(path.join(root, file))]).toEqual([file, true]);
      // What there can't be a script for: of package managers, and what GitHub alone can do.
      else
        expect(command).toMatch(
          /^(npm (ci|install|audit) |cargo install |apk add |gh release create )/,
        );
    }
  });
});

describe('release.yml', () => {
  const { jobs } = workflows.find(({ name }) => name === 'release.yml')?.workflow ?? EMPTY;
  const runs = (job: Job | undefined) => job?.steps.flatMap(({ run }) => run ?? []) ?? [];

  it('builds for each target of package.json', () => {
    const built = jobs['prebuild']?.strategy?.matrix.include?.map(({ platform }) => platform);
    const targets = manifest.napi.targets.map((target: string) => platformOf(target).name);
    expect(built?.sort()).toEqual(targets.sort());
  });

  it('publishes what passed, with a token that no dependency sees', () => {
    expect([jobs['test'], jobs['pack'], jobs['publish']].map((job) => job?.needs)).toEqual([
      'prebuild',
      'test',
      'pack',
    ]);
    const others = Object.entries(jobs).filter(([name]) => name !== 'publish');
    expect(others.map(([, job]) => job.permissions)).toEqual(others.map(() => undefined));
    expect(runs(jobs['publish'])).toEqual([
      'node scripts/publish.mjs',
      expect.stringMatching(/^gh release create /),
    ]);
  });

  it('does what CI does here up to the upload', () => {
    const packing = runs(jobs['pack']).filter((run) => /pack|publish/.test(run));
    expect(packing).toEqual(['node scripts/pack.mjs', 'node scripts/publish.mjs --dry-run']);
    for (const script of ['scripts/pack.mjs --trial', 'scripts/publish.mjs --dry-run']) {
      expect(ci).toContain(`\nstep node ${script}\n`);
    }
  });
});

describe('ci.yml', () => {
  it('installs the targets that scripts of CI compile for', () => {
    const { jobs } = workflows.find(({ name }) => name === 'ci.yml')?.workflow ?? EMPTY;
    const steps = Object.values(jobs).flatMap((job) => job.steps);
    const { targets } = steps.find(({ with: given }) => given?.['targets'])?.with ?? {};
    const scripts = ['build-wasm', 'test-arm64', 'test-musl', 'check-platforms'];
    const named = scripts.map((script) => {
      const [, list = ''] =
        /(?:target = |: \[)('.*?')(?:;|\])/.exec(read(`scripts/${script}.mjs`)) ?? [];
      return list.replaceAll("'", '');
    });
    expect(targets).toBe(named.join(', '));
  });
});

describe("the README's platforms", () => {
  const readme = read('README.md');
  const STATES = ['run natively', 'run under emulation', 'compiled', 'not tried'];
  const SYSTEMS: Readonly<Record<string, string>> = { darwin: 'macOS', win32: 'Windows' };
  const [, table = ''] = /\n\| platform \|.*\n\| ---.*\n((?:\|.*\n)+)/.exec(readme) ?? [];
  const rows = [...table.matchAll(/^\| (.*?) \| (.*?) \|(.*)\|$/gm)].map(
    ([, platform = '', state = '', by = '']) => ({ platform, state, by }),
  );
  const [testCommand] = /^npm ci .*npm test$/m.exec(readme) ?? [];
  // It takes that line from there.
  const steps = `${ci}\nstep ${testCommand}`.match(/^step .*$/gm) ?? [];

  it('are the targets of package.json', () => {
    const targets = manifest.napi.targets.map((target: string) => {
      const { os, cpu, libc } = platformOf(target);
      const system = SYSTEMS[os] ?? 'Linux';
      return libc === undefined ? `${system} ${cpu}` : `${system} ${cpu}, ${libc}`;
    });
    const own = rows.filter(({ platform }) => !platform.startsWith('… in '));
    expect(own.map(({ platform }) => platform).sort()).toEqual(targets.sort());
  });

  it.each(rows)('$platform: $state, by a step of CI', ({ state, by }) => {
    expect(STATES).toContain(state);
    const commands = [...by.matchAll(/`(.*?)`/g)].map(([, command = '']) => command);
    expect(commands.length > 0).toBe(state !== 'not tried');
    for (const command of commands) {
      const isStep = (step: string) => step.endsWith(command) || step.includes(`${command} `);
      expect([command, steps.some(isStep)]).toEqual([command, true]);
    }
  });
});
