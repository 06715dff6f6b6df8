import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Starts Chromium. WebGL, which speedscope needs, is drawn without a graphics card. */
export function launch(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) {
    throw new Error(`expected ${CHROMIUM}, got none: run scripts/install-chromium.sh`);
  }
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--enable-unsafe-swiftshader'],
  });
}

/** What a page did that it shouldn't: errors, and requests for anything but itself. */
export function watch(page: Page): { readonly errors: string[]; readonly requests: string[] } {
  const seen = { errors: [] as string[], requests: [] as string[] };
  page.on('pageerror', (error) => seen.errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') seen.errors.push(message.text());
  });
  page.on('request', (request) => {
    if (request.url() !== page.url() && !request.isNavigationRequest()) {
      seen.requests.push(request.url());
    }
  });
  return seen;
}
