// Runs the benches, prints their tables, and writes them into README.md.
//
//   npm run bench                              all of them
//   npm run bench -- sample-cost ticker        some
//   npm run bench -- --quick                   every step, for no numbers: whether the benches still work
import { parseArgs } from 'node:util';
import { asyncCalls } from './async.js';
import { attach } from './attach.js';
import { calls } from './calls.js';
import { compile } from './compile.js';
import { components } from './components.js';
import { eventLoop } from './event-loop.js';
import { fuel } from './fuel.js';
import { largeProfile } from './large-profile.js';
import { page } from './page.js';
import { sampleCost } from './sample-cost.js';
import { scale } from './scale.js';
import { slowdown } from './slowdown.js';
import { start } from './start.js';
import { circumstances } from './support/machine.js';
import { replaceSections, targetTable } from './support/readme.js';
import { type Bench, markdown, type Report } from './support/report.js';
import { symbolication } from './symbolication.js';
import { ticker } from './ticker.js';
import { totalCost } from './total-cost.js';
import { truth } from './truth.js';

const BENCHES: readonly Bench[] = [
  sampleCost,
  totalCost,
  scale,
  slowdown,
  calls,
  components,
  asyncCalls,
  compile,
  eventLoop,
  start,
  ticker,
  attach,
  fuel,
  largeProfile,
  symbolication,
];

/** Those that need more than this package: only where they are asked for. */
const ON_DEMAND: readonly Bench[] = [truth, page];

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const all = [...BENCHES, ...ON_DEMAND];
const known = all.map(({ name }) => name);
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  throw new Error(`no bench is called ${unknown.join(', ')}: there are ${known.join(', ')}`);
}

const chosen =
  positionals.length === 0 ? BENCHES : all.filter(({ name }) => positionals.includes(name));
for (const bench of chosen) {
  console.log(`\n## ${bench.name}: ${bench.question}\n`);
  const begun = performance.now();
  const before = circumstances();
  // An error ends the run: a bench that has lost a step measures nothing.
  const report = await bench.run(values);
  const seconds = (performance.now() - begun) / 1000;
  print(report);
  console.log(`(${seconds.toFixed(0)} s; ${before})`);
  const sections = {
    [bench.name]: [...report.tables.map(markdown), `${before}; took ${seconds.toFixed(0)} s.`],
    ...(report.targets && { [`${bench.name} targets`]: [targetTable(report.targets)] }),
  };
  replaceSections(sections, { isTrial: values.quick });
}

function print({ tables, targets }: Report): void {
  console.log(tables.map(markdown).join('\n\n'));
  if (targets && !values.quick) console.log(`\n${targetTable(targets)}`);
}
