import { printable } from '../formats/terminal-text.js';
import { writeError } from './terminal.js';

/** Opens an address in the user's browser. The link is on the terminal: that none comes up is no failure. */
export async function launchBrowser(url: string): Promise<void> {
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
