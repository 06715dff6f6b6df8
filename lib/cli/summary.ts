import { formatOfPath } from '../formats/format-list.js';
import { oneLine } from '../formats/terminal-text.js';
import { fuelBetweenSamples } from '../profile/fuel.js';
import { hotFunctions, hottestLines } from '../profile/hot-functions.js';
import type { Profile } from '../profile/profile.js';
import type { Thread } from '../profile/thread.js';
import { intervalOf, percent } from './amount.js';
import { placeOf } from './function-place.js';
import { resumedLine } from './resumed-line.js';
import { type Layout, placeIn } from './terminal.js';
import { fitName, fitPath, textWidth } from './text-width.js';

/** What a summary tells beside the profile. */
export interface RunFacts {
  readonly ending: string;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly missedTicks: number;
  /** Undefined when fuel wasn't counted. */
  readonly fuelUsed?: bigint;
  /** Of the files that were written. */
  readonly paths: readonly string[];
}

/** So many samples that a share of them means something. */
const FEW = 50;
/** Of all ticks, so many without a sample that shares are not to be trusted to a few per cent. */
const MANY_NOT_SAMPLED = 0.05;
const HOTTEST = 5;
const SELF_WIDTH = 8;
const TOTAL_WIDTH = 9;
/** Characters of a name that there is always room for. */
const LEAST_NAME = 20;
/** Of a name's room, what its place may take. */
const PLACE_SHARE = 0.4;

/** What a profile shows at a glance, for people. */
export function summaryOf(profile: Profile, facts: RunFacts, layout: Layout): string {
  const lines = [
    layout.style.bold(`${oneLine(profile.product)} ${facts.ending}`),
    ...measures(profile, facts),
    ...profile.threads.flatMap((thread) => hottest(profile, thread, layout)),
  ];
  if (facts.paths.length > 0) lines.push('', ...howToOpen(facts.paths, layout));
  // A line free above it: the guest's own output may stand there, or what a terminal shows of a Ctrl-C.
  return ['', ...lines].join('\n');
}

function measures(profile: Profile, facts: RunFacts): string[] {
  const samples = profile.threads.reduce((sum, thread) => sum + thread.samples.length, 0);
  const lines = [
    `${count(samples, 'sample')}, one per ${intervalOf(profile)}; ` +
      `${seconds(facts.wallMs)} wall time, ${seconds(facts.cpuMs)} CPU time`,
  ];
  if (samples === 0) lines.push('It ran for less than an interval, or waited all the time.');
  if (samples > 0 && samples < FEW) {
    const more = fuelBetweenSamples(profile) !== undefined ? '--every-fuel 10000' : '--hz 10000';
    lines.push(`Fewer than ${FEW} samples tell little: ${more} takes more, or --repeat 20`);
  }
  if (facts.fuelUsed !== undefined) {
    lines.push(`${facts.fuelUsed.toLocaleString('en-US')} of fuel used`);
  }
  if (facts.missedTicks > 0) {
    lines.push(notSampled(facts.missedTicks, samples));
  }
  const resumed = resumedLine(profile, samples);
  if (resumed !== undefined) lines.push(resumed);
  return lines;
}

/**
 * Why is not told: the ticking thread may have come late, the kernel may have held the last sample's signal back, or the
 * guest's thread may have had no time to take it.
 */
function notSampled(ticks: number, samples: number): string {
  const told = `${count(ticks, 'tick')} not sampled, ${percent(ticks, ticks + samples)}`;
  return ticks > MANY_NOT_SAMPLED * (ticks + samples)
    ? `${told}: what ran at those is missing from all that is shown; a longer --interval loses fewer`
    : `${told}: too few to change what is shown`;
}

/** The hottest functions as a table: shares of the samples that saw any function. */
function hottest(profile: Profile, thread: Thread, { style, width, link }: Layout): string[] {
  const hot = hotFunctions(profile, thread);
  if (hot.length === 0) return [];
  // Each sample that saw a function is one's own.
  const samples = hot.reduce((sum, { selfSamples }) => sum + selfSamples, 0);
  const lines = hottestLines(profile, thread);
  const rows = hot.slice(0, HOTTEST).map(({ func, selfSamples, totalSamples }) => {
    const name = profile.strings.get(profile.funcs.name.get(func)) || '(no name)';
    const shares =
      percent(selfSamples, samples).padStart(SELF_WIDTH) +
      percent(totalSamples, samples).padStart(TOTAL_WIDTH);
    const room = Math.max(LEAST_NAME, width - shares.length - 2);
    const whole = placeOf(profile, func, lines.get(func));
    const place = fitPath(whole, Math.floor(room * PLACE_SHARE));
    const isShown = place !== '' && room >= 2 * LEAST_NAME;
    const shownName = fitName(oneLine(name), isShown ? room - textWidth(place) - 2 : room);
    const linked = link === undefined ? place : link(place, placeIn(whole));
    return `${shares}  ${shownName}${isShown ? style.dim(`  ${linked}`) : ''}`;
  });
  const others = hot.length - rows.length;
  const heading = `${'self'.padStart(SELF_WIDTH)}${'total'.padStart(TOTAL_WIDTH)}  function`;
  const rest =
    others > 0 ? [style.dim(`${' '.repeat(SELF_WIDTH + TOTAL_WIDTH)}  and ${others} more`)] : [];
  return ['', style.dim(heading), ...rows, ...rest];
}

/** Where a profile was written to, the file linked. */
export function profileLine(path: string, { link = (text) => text }: Layout): string {
  return `Profile: ${link(path, { file: path, isOurs: true })}`;
}

function howToOpen(paths: readonly string[], layout: Layout): string[] {
  const isFirefox = paths.some((path) =>
    ['firefox', 'jslb'].includes(formatOfPath(path) ?? 'firefox'),
  );
  const hint =
    'Drag it into https://profiler.firefox.com to open it: it stays on this machine, nothing is uploaded.';
  return [...paths.map((path) => profileLine(path, layout)), ...(isFirefox ? [hint] : [])];
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`;
}

function seconds(ms: number): string {
  return ms < 100 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`;
}
