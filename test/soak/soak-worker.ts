// A Worker of the soak: its share of the stores, each profiled, let go and replaced again and again.
import { once } from 'node:events';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import {
  type Engine,
  type Func,
  GuestProfiler,
  type Instance,
  Linker,
  Module,
  type Recorder,
  type Sampler,
  type SharedModule,
  Store,
} from '../../lib/index.js';
import { seededRandom } from '../support/random.js';

interface Share {
  readonly module: SharedModule;
  readonly stores: number;
  readonly seed: number;
  readonly sampler: Sampler;
}

interface Section {
  readonly entries: readonly { readonly label: string; readonly value: number }[];
}

const main = parentPort as MessagePort;
const { module: token, stores, seed, sampler }: Share = workerData;

/** Milliseconds between samples: 10 kHz. */
const INTERVAL_MS = 0.1;
/** Turns of the guest's loop in a call: some milliseconds. */
const TURNS = 200_000;

const random = seededRandom(seed);
const module = Module.fromShared(token);
const engine: Engine = module.engine;
const linker = new Linker(engine);
/** Epochs are seen at each host call too. */
linker.funcWrap('env', 'host', { params: [], results: [] }, () => undefined);

interface Guest {
  readonly store: Store;
  readonly run: Func;
  recorder: Recorder | undefined;
}

function makeGuest(): Guest {
  const store = new Store(engine);
  const instance: Instance = linker.instantiate(store, module);
  return { store, run: instance.getFunc(store, 'run'), recorder: undefined };
}

const counted = {
  calls: 0,
  attached: 0,
  profiles: 0,
  samples: 0,
  lost: 0,
  stores: 0,
  missedTicks: 0,
  withoutFrames: 0,
};
const guests = Array.from({ length: stores }, makeGuest);
counted.stores += stores;
let profiler = newProfiler();
/** Samples that the profile must have: those that were there when a recorder was let go. */
let turns = 0;

function newProfiler(): GuestProfiler {
  return new GuestProfiler('soak', INTERVAL_MS, [['soak', module]]);
}

// All begin at once, when all are there.
main.postMessage('ready');
const [untilMs] = (await once(main, 'message')) as [number];
while (Date.now() < untilMs) {
  const guest = guests[random(guests.length)] as Guest;
  if (guest.recorder === undefined) {
    guest.recorder = profiler.attach(guest.store, {
      intervalMs: INTERVAL_MS,
      hostCalls: 'markers',
      sampler,
    });
    counted.attached++;
  }
  guest.run.call(guest.store, TURNS);
  counted.calls++;
  const what = random(20);
  if (what < 8) {
    guest.recorder.detach();
    guest.recorder = undefined;
  } else if (what === 8) {
    // With its recorder, and what it held.
    guest.store.dispose();
    guests[guests.indexOf(guest)] = makeGuest();
    counted.stores++;
  }
  if (++turns % 200 === 0) {
    await finish();
    // For messages and finalizers.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
await finish();
for (const { store } of guests) store.dispose();
main.postMessage(counted);
main.close();

/** Ends the profile, which lets go all stores: every record that was made must be in it. */
async function finish(): Promise<void> {
  const seen = GuestProfiler.progress(profiler).read().samples;
  const bytes = await profiler.finish();
  const profile = JSON.parse(Buffer.from(bytes).toString());
  const { length } = profile.threads[0].samples;
  counted.samples += length;
  counted.lost += seen - length;
  const starts = profile.threads[0].markers.phase.filter((phase: number) => phase === 2).length;
  const ends = profile.threads[0].markers.phase.filter((phase: number) => phase === 3).length;
  // A host call that began has ended: none is cut, since all guests have returned.
  counted.lost += Math.abs(starts - ends);
  counted.profiles++;
  for (const { label, value } of profile.meta.extra.flatMap(({ entries }: Section) => entries)) {
    if (label === 'Missed ticks') counted.missedTicks += value;
    if (label.startsWith('Samples without frames')) counted.withoutFrames += value;
  }
  for (const guest of guests) guest.recorder = undefined;
  profiler = newProfiler();
}
