import { once } from 'node:events';
import { type Command, InvalidArgumentError } from 'commander';
import { encodeProfile } from '../formats/formats.js';
import { writeProfile } from '../formats/output.js';
import type { Profile } from '../profile/profile.js';
import { CliError, reasonOf } from './cli-error.js';
import { ProfileServer, type ServedFile } from './profile-server.js';
import { readFile } from './read-file.js';
import { addSourceTexts } from './source-files.js';
import { printable, write } from './terminal.js';

interface ViewOptions {
  readonly offline?: boolean;
  readonly port: number;
  readonly sources?: string;
}

const HELP = `
The profile is served to browsers of this machine alone, until Ctrl-C. The Firefox Profiler's page is loaded
from the web and fetches the profile from here; nothing is uploaded. --offline needs no web at all.

Examples:
  $ wasmtime-guest-profiler view app.profile.json
  $ wasmtime-guest-profiler view --sources ~/app/src app.profile.json
  $ wasmtime-guest-profiler view --offline app.profile.json`;

export function addViewCommand(program: Command): void {
  program
    .command('view')
    .summary('open a profile in a browser')
    .description('Serves a profile to the browser and prints the link to open.')
    .argument('<file>', 'a profile that run has written, in the Firefox format or .jslb')
    .option('--offline', 'as a page of its own, instead of in the Firefox Profiler')
    .option('--port <number>', 'the port to listen on; any that is free by default', port, 0)
    .option('--sources <directory>', 'where the source files lie, for the source view')
    .addHelpText('after', HELP)
    .action(view);
}

async function view(path: string, options: ViewOptions): Promise<void> {
  const profile = await readFile(path);
  if (options.sources !== undefined) addSources(profile, options.sources);
  const name = options.offline ? 'profile.html' : 'profile.json';
  await using server = await start(await served(profile, name), options.port);
  const link = options.offline ? server.url(name) : server.frontEndUrl(name);
  write(process.stdout, `Open ${link}\nCtrl-C ends it.\n`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
}

async function served(profile: Profile, name: string): Promise<ReadonlyMap<string, ServedFile>> {
  const isPage = name.endsWith('.html');
  const { chunks } = encodeProfile(profile, isPage ? 'html' : 'firefox');
  const body = await writeProfile(chunks);
  const type = isPage ? 'text/html; charset=utf-8' : 'application/json';
  return new Map([[name, { type, body }]]);
}

async function start(files: ReadonlyMap<string, ServedFile>, port: number): Promise<ProfileServer> {
  try {
    return await ProfileServer.start(files, port);
  } catch (error) {
    throw new CliError(`can't listen on port ${port}: ${reasonOf(error)}`, { cause: error });
  }
}

function addSources(profile: Profile, directory: string): void {
  try {
    const found = addSourceTexts(profile, directory);
    if (found === 0)
      write(process.stderr, `warning: no source file of it is in ${printable(directory)}\n`);
  } catch (error) {
    throw new CliError(`can't read ${directory}: ${reasonOf(error)}`, { cause: error });
  }
}

function port(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > 65_535) {
    throw new InvalidArgumentError('Expected a port from 0 to 65535.');
  }
  return number;
}
