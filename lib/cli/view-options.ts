import { type Command, InvalidArgumentError } from 'commander';
import { addCacheOptions } from './cache-options.js';
import { FRONT_END } from './front-end.js';
import { maxRowsOption } from './select-options.js';
import type { ViewOptions } from './view.js';

const HELP = `
The profile is served to browsers of this machine alone, until Ctrl-C. The browser opens by itself if you are at a
terminal of a machine with a display; BROWSER says which one, BROWSER=none is as --no-open.
The Firefox Profiler's page is loaded from the web and fetches the profile from here; nothing is uploaded.
--offline needs no web at all; its Source view shows what --sources and --wasm give.
A double click on a function opens its source: from --sources, or from the profile if run --sources wrote it. With --wasm
its instructions are beside it.

Exit codes:
  0    Ctrl-C or SIGTERM ended it
  1    the profile can't be read, or the port is taken
  2    the command line is wrong

Examples:
  $ wasmtime-guest-profiler view app.profile.json
  $ wasmtime-guest-profiler view --sources ~/app/src --wasm app.wasm app.profile.json
  $ wasmtime-guest-profiler view --offline app.profile.json`;

export function addViewCommand(program: Command): void {
  addCacheOptions(program.command('view'))
    .summary('open a profile in a browser')
    .description('Serves a profile to the browser, and opens it there.')
    .argument('<file>', 'a profile that run has written, in the Firefox format or .jslb')
    .option('--open', 'open the link in the browser, also where none is expected')
    .option('--no-open', 'only print the link')
    .option('--offline', 'as a page of its own, instead of in the Firefox Profiler')
    .option('--sources <directory>', 'where the source files lie, for the source view')
    .option(
      '--wasm <file>',
      'the module, for the view of its code; repeat it for more',
      collected,
      [],
    )
    .option(
      '--precompiled <file>',
      'the code that compile has made of a --wasm, which is not compiled again; repeat it for more',
      collected,
      [],
    )
    .option('--port <number>', 'the port to listen on; any that is free by default', port, 0)
    .option('--front-end <url>', "the Firefox Profiler's address", frontEnd, FRONT_END)
    .addOption(maxRowsOption())
    .addHelpText('after', HELP)
    .action(async (path: string, options: ViewOptions) => {
      const { view } = await import('./without-addon.js');
      await view(path, options);
    });
}

function collected(path: string, before: readonly string[]): readonly string[] {
  return [...before, path];
}

function port(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > 65_535) {
    throw new InvalidArgumentError('Expected a port from 0 to 65535.');
  }
  return number;
}

function frontEnd(text: string): string {
  if (!/^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : '')) {
    throw new InvalidArgumentError('Expected an address such as https://profiler.firefox.com.');
  }
  return text.replace(/\/+$/, '');
}
