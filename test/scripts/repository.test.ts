import { expect, it } from 'vitest';

const { sourcesOf }: { sourcesOf(manifest: object, env: object): object } = await import(
  new URL('../../scripts/repository.mjs', import.meta.url).href
);

const GITHUB = { GITHUB_SERVER_URL: 'https://github.example', GITHUB_REPOSITORY: 'owner/name' };

it('names the repository whose workflow packs', () => {
  expect(sourcesOf({}, GITHUB)).toEqual({
    repository: { type: 'git', url: 'git+https://github.example/owner/name.git' },
    homepage: 'https://github.example/owner/name#readme',
    bugs: 'https://github.example/owner/name/issues',
  });
});

it('leaves what a manifest says', () => {
  const own = { repository: 'github:other/name', homepage: 'https://name.example' };
  expect(sourcesOf(own, GITHUB)).toEqual({ ...own, bugs: undefined });
});

it('says nothing where nobody knows', () => {
  const nothing = { repository: undefined, homepage: undefined, bugs: undefined };
  expect(sourcesOf({}, {})).toEqual(nothing);
  expect(sourcesOf({}, { GITHUB_SERVER_URL: '', GITHUB_REPOSITORY: '' })).toEqual(nothing);
});
