import { expect, it } from 'vitest';
import { hostCallsOf } from '../../lib/profile/host-calls.js';
import { HOSTCALL_SCHEMA, SUSPENDED_SCHEMA } from '../../lib/profile/marker-schema.js';
import { Profile } from '../../lib/profile/profile.js';

it('host calls are those alone: no marker of the user, no suspension', () => {
  const profile = new Profile({ product: 'p', intervalMs: 1, startTimeUnixMs: 1 });
  const { strings, markerSchemas } = profile;
  const thread = profile.addThread({ name: 't' });
  const { markers } = thread;
  const user = markerSchemas.intern({ name: 'user', display: [], fields: [] });
  const suspended = markerSchemas.intern(SUSPENDED_SCHEMA);
  const hostCall = markerSchemas.intern(HOSTCALL_SCHEMA);
  const [read, write, mine] = ['read', 'write', 'mine'].map((name) => strings.intern(name)) as [
    ...[number, number, number],
  ];
  markers.pushInterval({ name: mine, schema: user }, 0, 50);
  markers.pushInterval({ name: mine }, 0, 50);
  markers.pushInterval({ name: read, schema: hostCall }, 1, 3);
  const open = markers.pushIntervalStart({ name: write, schema: hostCall }, 4);
  markers.pushIntervalStart({ name: read, schema: hostCall }, 5);
  markers.pushInterval({ name: mine, schema: suspended }, 5, 6);
  markers.pushIntervalEnd({ name: read, schema: hostCall }, 8);
  markers.close(open, 9);
  markers.pushIntervalStart({ name: write, schema: hostCall }, 9);
  thread.end(10);
  expect(hostCallsOf(profile, thread)).toEqual([
    { name: 'write', calls: 2, totalMs: 6, longestMs: 5 },
    { name: 'read', calls: 2, totalMs: 5, longestMs: 3 },
  ]);
});
