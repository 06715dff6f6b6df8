/** One self-contained HTML file: flame graph, functions, host calls and counters, and no request. */

import { readFileSync } from 'node:fs';
import type { Profile } from '../profile/profile.js';
import { pageData } from './page-data.js';
import type { PageData } from './page-types.js';

/** Made by `scripts/build-page.mjs`, for `lib/` and `dist/` alike. */
const TEMPLATE = new URL('../../dist/page/page.html', import.meta.url);
const PLACE = '"@profile@"';

/** The profile as a page. */
export function* htmlPage(profile: Profile): Generator<Uint8Array> {
  yield* htmlPageOf(pageData(profile));
}

/** A page that shows this. */
export function* htmlPageOf(data: PageData): Generator<Uint8Array> {
  const template = readFileSync(TEMPLATE, 'utf8');
  const at = template.indexOf(PLACE);
  // Nothing in a script element but `</script` or `<!--` ends or changes it.
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  yield Buffer.from(template.slice(0, at));
  yield Buffer.from(json);
  yield Buffer.from(template.slice(at + PLACE.length));
}
