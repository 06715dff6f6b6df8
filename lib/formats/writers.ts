/** Writers of formats that few runs ask for: `run` loads them when it writes one. */

export { cpuProfile } from './cpuprofile.js';
export { foldedStacks } from './folded.js';
export { jslb } from './jslb.js';
export { htmlPage } from './page.js';
export { pprof } from './pprof.js';
export { speedscopeJson } from './speedscope.js';
