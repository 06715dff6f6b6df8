import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { CliDirectory, guest } from './command.js';

const directory = new CliDirectory();
afterAll(() => directory[Symbol.asyncDispose]());

describe('run --open', () => {
  it('opens the profile in the browser, and ends as the guest did', async () => {
    const [opened, browser] = [directory.file('opened'), directory.file('browser')];
    writeFileSync(
      browser,
      `#!/bin/sh\necho "$1" > ${opened}.part && mv ${opened}.part ${opened}\n`,
      {
        mode: 0o755,
      },
    );
    const args = ['run', '-q', '--open', guest('c/endings.wasm'), 'return', '3'];
    const cli = directory.start(args, { stdin: '', env: { BROWSER: browser } });
    const link = await vi.waitFor(() => readFileSync(opened, 'utf8'), 30_000);
    const { headers } = await fetch(link.trim(), { redirect: 'manual' });
    const { pathname } = new URL(headers.get('location') ?? '');
    const url = decodeURIComponent(pathname.split('/')[2] ?? '');
    expect(await (await fetch(url)).json()).toMatchObject({ meta: { product: 'endings.wasm' } });
    cli.child.kill('SIGINT');
    expect(await cli.outcome).toMatchObject({ code: 3, signal: null });
  });
});
