import { Profile } from '../../lib/profile/profile.js';
import { NO_STACK } from '../../lib/profile/stack-table.js';
import { seededRandom } from '../../test/support/random.js';

/** Made, not recorded: functions in a random tree of 200,000 stacks, those near its root hotter. */
export function largeModel(samples: number, functions = 3000): Profile {
  const random = seededRandom(1);
  const profile = new Profile({ product: 'large', intervalMs: 0.1, startTimeUnixMs: 1.7e12 });
  const { strings, funcs, frames, stacks } = profile;
  const lib = profile.libs.add({ name: 'large.wasm' });
  const resource = profile.resources.addLibrary(strings.intern('large.wasm'));
  const ownFrames = Array.from({ length: functions }, (_, i) => {
    const func = funcs.add({ name: strings.intern(`function_${i}`), resource });
    return frames.intern({ func, lib, address: i * 64 });
  });
  const rows: number[] = [];
  for (let i = 0; i < 200_000; i++) {
    const prefix = i < 50 ? NO_STACK : (rows[random(rows.length)] as number);
    rows.push(stacks.intern(prefix, ownFrames[random(ownFrames.length)] as number));
  }
  const thread = profile.addThread({ name: 'large' });
  let timeMs = 0;
  for (let i = 0; i < samples; i++) {
    timeMs += 0.1 + random(1000) / 1e6;
    const stack = rows[random(random(rows.length) + 1)] as number;
    thread.samples.push(stack, timeMs, 0.09 + random(1000) / 1e6);
  }
  thread.end(timeMs);
  return profile;
}
