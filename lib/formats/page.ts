/** One self-contained HTML file: flame graph, functions, host calls and counters, and no request. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownDirectories, packageAround } from '../own-files.js';
import type { Profile } from '../profile/profile.js';
import { pageData } from './page-data.js';
import type { PageData } from './page-types.js';

/** Made by `scripts/build-page.mjs`, for `lib/` and `dist/` alike. */
const TEMPLATE = 'dist/page/page.html';
const PLACE = '"@profile@"';

/** The profile as a page. */
export function* htmlPage(profile: Profile): Generator<Uint8Array> {
  yield* htmlPageOf(pageData(profile));
}

/** A page that shows this. */
export function* htmlPageOf(data: PageData): Generator<Uint8Array> {
  const template = readFileSync(findTemplate(), 'utf8');
  const at = template.indexOf(PLACE);
  // Nothing in a script element but `</script` or `<!--` ends or changes it.
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  yield Buffer.from(template.slice(0, at));
  yield Buffer.from(json);
  yield Buffer.from(template.slice(at + PLACE.length));
}

/** In the package; a bundle of a program finds the one that is installed. */
function findTemplate(): string {
  const places = ownDirectories();
  for (const place of places) {
    const root = packageAround(place);
    if (root !== undefined && existsSync(join(root, TEMPLATE))) return join(root, TEMPLATE);
  }
  const message =
    'the template of pages was not found: install the package wasmtime-guest-profiler where this program ' +
    `runs. Looked in ${places.join(', ')}`;
  throw Object.assign(new Error(message), { code: 'ERR_TEMPLATE_NOT_FOUND' });
}
