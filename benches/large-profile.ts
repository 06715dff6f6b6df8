import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { firefoxJson } from '../lib/formats/firefox.js';
import { writeProfile } from '../lib/formats/output.js';
import { launch } from '../test/browser/browser.js';
import { largeModel } from './support/large-model.js';
import { type Bench, digits, mebibytes, type Report, type Target } from './support/report.js';

const MAIN = fileURLToPath(new URL('../dist/cli/main.cjs', import.meta.url));

/** Makes a process tell at its end how much memory it had at most. */
const TELL_PEAK = `data:text/javascript,${encodeURIComponent(
  'process.on("exit",()=>process.stderr.write("\\npeak KiB "+process.resourceUsage().maxRSS+"\\n"))',
)}`;

interface Step {
  readonly name: string;
  readonly args: readonly string[];
}

/** What a file of that size needs, command by command, each a process of its own. */
export const largeProfile: Bench = {
  name: 'large-profile',
  question: 'Do the commands and the page answer for a profile of more than 100 MB?',
  async run({ quick }): Promise<Report> {
    const directory = mkdtempSync(path.join(tmpdir(), 'large-'));
    try {
      const file = (name: string) => path.join(directory, name);
      const samples = quick ? 100_000 : 6_000_000;
      await writeProfile(firefoxJson(largeModel(samples)), file('p.json'));
      const bytes = statSync(file('p.json')).size;
      const steps: Step[] = [
        { name: 'top', args: ['top', '-n', '10', file('p.json')] },
        { name: 'diff with itself', args: ['diff', file('p.json'), file('p.json')] },
        ...['jslb', 'cpuprofile', 'speedscope.json', 'pb.gz', 'folded', 'html'].map(
          (extension) => ({
            name: `convert to .${extension}`,
            args: ['convert', file('p.json'), file(`p.${extension}`)],
          }),
        ),
        { name: 'top, of the .jslb', args: ['top', '-n', '10', file('p.jslb')] },
      ];
      const rows: string[][] = [];
      let slowest = 0;
      let largest = 0;
      for (const { name, args } of steps) {
        const { seconds, peakBytes } = await measured(args);
        slowest = Math.max(slowest, seconds);
        largest = Math.max(largest, peakBytes);
        const written = args[0] === 'convert' ? mebibytes(statSync(args[2] ?? '').size) : '';
        rows.push([name, digits(seconds), mebibytes(peakBytes), written]);
      }
      const opened = await openPage(file('p.html'));
      slowest = Math.max(slowest, opened);
      rows.push(['opening the .html in Chromium, to the first frame', digits(opened), '', '']);
      return {
        tables: [
          {
            title: `${samples.toLocaleString('en-US')} samples, 200,000 stacks, ${mebibytes(bytes)} of JSON`,
            columns: ['', 's', 'peak memory', 'written'],
            rows,
          },
        ],
        targets: targets(bytes, slowest, largest),
      };
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

function targets(bytes: number, slowest: number, largest: number): Target[] {
  return [
    {
      promise: 'each in less than 10 s, of more than 100 MB',
      measured: `${digits(slowest)} s, ${mebibytes(bytes)}`,
      holds: slowest < 10 && bytes > 100e6,
    },
    {
      promise: 'each in less than 2 GiB of memory',
      measured: mebibytes(largest),
      holds: largest < 2 * 1024 ** 3,
    },
  ];
}

async function measured(args: readonly string[]): Promise<{ seconds: number; peakBytes: number }> {
  const start = performance.now();
  const { stderr } = await promisify(execFile)(
    process.execPath,
    ['--import', TELL_PEAK, MAIN, ...args],
    { maxBuffer: 1 << 28 },
  );
  const seconds = (performance.now() - start) / 1000;
  const peak = /peak KiB (\d+)/.exec(stderr)?.[1];
  if (peak === undefined) throw new Error(`expected a peak of memory, got ${stderr}`);
  return { seconds, peakBytes: Number(peak) * 1024 };
}

async function openPage(file: string): Promise<number> {
  const browser = await launch();
  try {
    const page = await browser.newPage();
    const start = performance.now();
    await page.goto(pathToFileURL(file).href);
    await page.waitForSelector('#functions tbody tr');
    return (performance.now() - start) / 1000;
  } finally {
    await browser.close();
  }
}
