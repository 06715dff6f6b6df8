import { once } from 'node:events';
import { encodeProfile } from '../formats/formats.js';
import { writeProfile } from '../formats/output.js';
import type { Profile } from '../profile/profile.js';
import { hasBrowser, openBrowser } from './browser.js';
import { CliError, reasonOf } from './cli-error.js';
import { FRONT_END } from './front-end.js';
import { ProfileServer, type Served } from './profile-server.js';
import { SymbolServer, type SymbolServerOptions } from './symbol-server.js';
import { write } from './terminal.js';

/** How a profile is shown. */
export interface OpenOptions extends SymbolServerOptions {
  /** As a page of our own, which needs no web. */
  readonly offline?: boolean;
  /** Any that is free when absent. */
  readonly port?: number;
  /** The Firefox Profiler's address. */
  readonly frontEnd?: string;
  /** Whether to start the browser too; where there is one when absent. */
  readonly open?: boolean;
}

/**
 * Serves a profile to the browsers of this machine and prints a short link, which leads to where it is shown, until
 * SIGINT or SIGTERM.
 *
 * @throws CliError when the port is taken.
 */
export async function openProfile(profile: Profile, options: OpenOptions): Promise<void> {
  const { port = 0, frontEnd = FRONT_END } = options;
  const { open = hasBrowser(process.stdout) } = options;
  await using server = await start(await served(profile, options, frontEnd), port);
  const link = server.url;
  const ended = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  write(process.stdout, `Open ${link}\nCtrl-C ends it.\n`);
  if (open) await openBrowser(link);
  await ended;
}

/** The address at which the Firefox Profiler shows a profile, and asks `symbolServer` about its code. */
function frontEndUrl(frontEnd: string, profile: string, symbolServer: string): string {
  const query = new URLSearchParams({ symbolServer });
  return `${frontEnd}/from-url/${encodeURIComponent(profile)}/?${query}`;
}

function fileName(offline: boolean): string {
  return offline ? 'profile.html' : 'profile.json';
}

async function served(profile: Profile, options: OpenOptions, frontEnd: string): Promise<Served> {
  const { offline = false } = options;
  const { chunks } = encodeProfile(profile, offline ? 'html' : 'firefox');
  const body = await writeProfile(chunks);
  const type = offline ? 'text/html; charset=utf-8' : 'application/json';
  const symbols = new SymbolServer(profile, options);
  return {
    files: new Map([[fileName(offline), { type, body }]]),
    api: (path, request) => symbols.answer(path, request),
    home: (url) => {
      const profileUrl = `${url}/${fileName(offline)}`;
      return offline ? profileUrl : frontEndUrl(frontEnd, profileUrl, url);
    },
    origin: new URL(frontEnd).origin,
  };
}

async function start(served: Served, port: number): Promise<ProfileServer> {
  try {
    return await ProfileServer.start(served, port);
  } catch (error) {
    throw new CliError(`can't listen on port ${port}: ${reasonOf(error)}`, { cause: error });
  }
}
