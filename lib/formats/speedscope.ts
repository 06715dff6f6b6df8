/**
 * speedscope's own format: a sampled profile for each thread, all with one list of frames.
 *
 * Facts: `file-format-schema.json`, which the npm package `speedscope` carries.
 */

import { funcPlace } from '../profile/func-place.js';
import type { Profile } from '../profile/profile.js';
import { sampleWeights, type Weight } from '../profile/sample-weight.js';
import { NO_STACK } from '../profile/stack-table.js';
import type { Thread } from '../profile/thread.js';
import { JsonBytes, toJson } from './json-bytes.js';
import { writeColumn } from './json-table.js';

const SCHEMA = 'https://www.speedscope.app/file-format-schema.json';

/** The profile as speedscope's JSON. */
export function* speedscopeJson(profile: Profile, weight: Weight): Generator<Uint8Array> {
  const out = new JsonBytes();
  out.raw(`{"$schema":${toJson(SCHEMA)},"exporter":"wasmtime-guest-profiler"`);
  out.raw(`,"name":${toJson(profile.product)},"activeProfileIndex":0,"shared":{"frames":`);
  // A frame here is what this project calls a func: speedscope merges by it.
  yield* writeColumn(out, profile.funcs.length, (func) => {
    const { name, file, line, column } = funcPlace(profile, func);
    out.value({ name, file, line, col: column });
  });
  out.raw('},"profiles":[');
  for (const [index, thread] of profile.threads.entries()) {
    if (index > 0) out.comma();
    yield* writeProfile(out, profile, thread, weight);
  }
  out.raw(']}');
  yield* out.finish();
}

function* writeProfile(
  out: JsonBytes,
  profile: Profile,
  thread: Thread,
  weight: Weight,
): Generator<Uint8Array> {
  const runs = runsOf(profile, thread, weight);
  const { stacks, frames } = profile;
  out.raw(`{"type":"sampled","name":${toJson(thread.name)}`);
  out.raw(`,"unit":"${weight === 'samples' ? 'none' : 'nanoseconds'}"`);
  out.raw(`,"startValue":0,"endValue":${runs.total},"samples":`);
  yield* writeColumn(out, runs.stacks.length, (row) => {
    const stack = runs.stacks[row] as number;
    const funcs = stacks.frames(stack).map((frame) => frames.func.get(frame));
    out.raw('[');
    out.ints(Int32Array.from(funcs));
    out.raw(']');
  });
  out.raw(',"weights":');
  yield* writeColumn(out, runs.weights.length, (row) => out.int(runs.weights[row] as number));
  out.raw('}');
}

/** The samples in order, those with the same stack in a row as one: speedscope does the same. */
function runsOf(profile: Profile, thread: Thread, weight: Weight) {
  const weightOf = sampleWeights(profile, thread, weight);
  const stacks: number[] = [];
  const weights: number[] = [];
  let total = 0;
  let last: number | undefined;
  for (let sample = 0; sample < thread.samples.length; sample++) {
    const stack = thread.samples.stack.get(sample);
    const added = weightOf(sample);
    total += added;
    if (stack === last) {
      weights[weights.length - 1] = (weights.at(-1) ?? 0) + added;
    } else {
      stacks.push(stack < 0 ? NO_STACK : stack);
      weights.push(added);
      last = stack;
    }
  }
  return { stacks, weights, total };
}
