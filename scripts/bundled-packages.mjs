// What of npm is in our own files, so that its licences and names must be told: bundled by scripts/build-bundle.mjs and
// scripts/build-page.mjs, or linked by scripts/build-wasm.mjs. Of third-party.mjs and pack.mjs.

/** By their places in package-lock.json. */
export const BUNDLED =
  /^node_modules\/(@discoveryjs\/json-ext|@emnapi\/(core|runtime|wasi-threads)|@jridgewell\/(resolve-uri|sourcemap-codec|trace-mapping)|@napi-rs\/wasm-runtime|@tybys\/wasm-util|ansi-regex|commander|emnapi|fastest-levenshtein|get-east-asian-width|has-flag|is-in-(ci|ssh)|parse-duration|picocolors|pprof-format|pure-rand|simple-statistics|string-width|strip-ansi|supports-(color|hyperlinks)|tslib|uplot)$/;
