import isInCi from 'is-in-ci';
import isInSsh from 'is-in-ssh';
import { printable } from '../formats/terminal-text.js';
import { writeError } from './terminal.js';

/** What tells whether somebody sits before a display. */
interface Machine extends Pick<NodeJS.Process, 'platform' | 'env'> {
  readonly inCi: boolean;
  readonly inSsh: boolean;
}

const HERE: Machine = {
  platform: process.platform,
  env: process.env,
  inCi: isInCi,
  inSsh: isInSsh,
};

/**
 * Whether a browser is to come up unasked: somebody sits at a terminal, on a machine with a display. `BROWSER` names one,
 * or is `none`.
 */
export function hasBrowser(
  { isTTY }: Pick<NodeJS.WriteStream, 'isTTY'>,
  { platform, env, inCi, inSsh }: Machine = HERE,
): boolean {
  if (!isTTY || inCi) return false;
  const browser = env['BROWSER'];
  if (browser) return browser !== 'none';
  const hasDisplay = ['DISPLAY', 'WAYLAND_DISPLAY'].some((name) => env[name]);
  if (hasDisplay) return true;
  // A browser of the machine that somebody is logged in at from another.
  if (inSsh) return false;
  return platform === 'darwin' || platform === 'win32' || env['WSL_DISTRO_NAME'] !== undefined;
}

/** Opens an address in the user's browser. The link is on the terminal: that none comes up is no failure. */
export async function openBrowser(url: string): Promise<void> {
  const warn = (error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    writeError(`warning: no browser could be started: ${printable(reason)}`);
  };
  try {
    // Only now: few commands need it.
    const { default: open } = await import('open');
    const browser = await open(url);
    browser.once('error', warn);
    browser.once('exit', (code) => {
      if (code !== null && code !== 0) warn(`the opener ended with code ${code}`);
    });
  } catch (error) {
    warn(error);
  }
}
