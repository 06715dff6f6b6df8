// What `perf` looks at: a guest that nobody else samples. Tells where its code is.
import { forCpuTime, truthGuest } from './truth-guests.js';

const [language, sampler, ms] = process.argv.slice(2) as [string, string, string];
const { run } = truthGuest(language, sampler === 'epoch', 'perfmap');
forCpuTime(Number(ms), () => run(() => {}));
console.log(JSON.stringify({ map: `/tmp/perf-${process.pid}.map` }));
