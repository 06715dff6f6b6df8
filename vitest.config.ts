import { configDefaults, defineConfig } from 'vitest/config';

/** Where CI wants the results as JSON, besides what a person reads. */
const json = process.env['VITEST_JSON'];
/** Tests in a browser are a run of their own: they need Chromium. */
const isBrowser = process.env['VITEST_BROWSER'] !== undefined;

export default defineConfig({
  test: {
    include: [isBrowser ? 'test/browser/**/*.test.ts' : 'test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(isBrowser ? [] : ['test/browser/**'])],
    benchmark: { include: ['examples/**/*.bench.ts'] },
    pool: 'forks',
    testTimeout: 120_000,
    reporters: json === undefined ? ['default'] : ['default', ['json', { outputFile: json }]],
  },
});
