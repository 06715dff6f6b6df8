// Puts the addon's declarations, which tsc reads but doesn't write, beside those that refer to them in dist/.
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const pathOf = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
cpSync(pathOf('lib/generated'), pathOf('dist/generated'), { recursive: true });
