// Where the sources of a package are, as npm's manifests say it. Of pack.mjs and of tests.

/**
 * `repository`, `homepage` and `bugs` of a manifest: its own, or those of the repository on GitHub whose workflow packs it,
 * which is the one that provenance is about; none elsewhere.
 *
 * @param {{ repository?: unknown, homepage?: unknown, bugs?: unknown }} manifest
 * @param {NodeJS.ProcessEnv} env
 */
export function sourcesOf({ repository, homepage, bugs }, env) {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = env;
  if (repository !== undefined || !server || !name) return { repository, homepage, bugs };
  const url = `${server}/${name}`;
  return {
    repository: { type: 'git', url: `git+${url}.git` },
    homepage: homepage ?? `${url}#readme`,
    bugs: bugs ?? `${url}/issues`,
  };
}
