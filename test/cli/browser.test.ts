import { expect, it } from 'vitest';
import { hasBrowser } from '../../lib/cli/browser.js';

const LAPTOP = { DISPLAY: ':0' };
const IN_CI = { inCi: true };
const IN_SSH = { inSsh: true };

it.each([
  ['a terminal beside a display', true, 'linux', LAPTOP, {}, true],
  ['Wayland', true, 'linux', { WAYLAND_DISPLAY: 'wayland-0' }, {}, true],
  ['WSL', true, 'linux', { WSL_DISTRO_NAME: 'Debian' }, {}, true],
  ['a Mac', true, 'darwin', {}, {}, true],
  ['Windows', true, 'win32', {}, {}, true],
  ['a browser that is named', true, 'linux', { BROWSER: 'lynx' }, {}, true],
  ['a machine without a display', true, 'linux', {}, {}, false],
  ['a pipe', false, 'linux', { ...LAPTOP, BROWSER: 'lynx' }, {}, false],
  ['BROWSER=none', true, 'linux', { ...LAPTOP, BROWSER: 'none' }, {}, false],
  ['CI', true, 'linux', LAPTOP, IN_CI, false],
  ['a Mac, from another machine', true, 'darwin', {}, IN_SSH, false],
  ['a forwarded display', true, 'linux', LAPTOP, IN_SSH, true],
] as const)('at %s', (_, isTTY, platform, env, where, expected) => {
  const machine = { platform, env, inCi: false, inSsh: false, ...where };
  expect(hasBrowser({ isTTY }, machine)).toBe(expected);
});
