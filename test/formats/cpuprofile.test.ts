import { describe, expect, it } from 'vitest';
import { cpuProfile } from '../../lib/formats/cpuprofile.js';
import type { Weight } from '../../lib/profile/sample-weight.js';
import { Thread } from '../../lib/profile/thread.js';
import { sampleProfile } from '../support/sample-profile.js';
import { jsonOf } from './text.js';

interface Node {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
  hitCount: number;
  children?: number[];
  positionTicks?: unknown;
}

describe('cpuProfile', () => {
  it('is a tree in which every node but the root has one parent', () => {
    const { nodes } = written('samples');
    const children = nodes.flatMap((node) => node.children ?? []);
    expect(new Set(children).size).toBe(children.length);
    expect([...children].sort((a, b) => a - b)).toEqual(nodes.slice(1).map(({ id }) => id));
  });

  it('counts samples by node and by line', () => {
    const { nodes } = written('samples');
    const parse = nodes.find(({ callFrame }) => callFrame.functionName === 'parse');
    expect(parse).toMatchObject({
      callFrame: { url: 'src/app.c', lineNumber: 8 },
      hitCount: 4,
      positionTicks: [{ line: 11, ticks: 4 }],
    });
    expect(nodes.slice(0, 2)).toMatchObject([
      { callFrame: { functionName: '(root)' }, hitCount: 0 },
      { callFrame: { functionName: '(program)' }, hitCount: 2 },
    ]);
  });

  it.each([
    ['samples', 20_000, 8000],
    ['wall', 20_000, 8000],
    ['cpu', 19 * 750, 7 * 750],
  ] as const)('gives readers the %s of each sample', (weight, total, memchr) => {
    const { nodes, samples, timeDeltas, startTime, endTime } = written(weight);
    expect(samples).toHaveLength(timeDeltas.length);
    expect(endTime - startTime).toBe(total);
    // As readers add it up: a sample lasts until the next.
    const spent = new Map<string, number>();
    for (const [i, id] of samples.entries()) {
      const name = nodes[id - 1]?.callFrame.functionName ?? '';
      spent.set(name, (spent.get(name) ?? 0) + (timeDeltas[i + 1] ?? 0));
    }
    expect(spent.get('memchr')).toBe(memchr);
    expect([...spent.values()].reduce((sum, us) => sum + us, 0)).toBe(total);
  });

  it('may be empty', () => {
    const chunks = cpuProfile(sampleProfile(), 'wall', new Thread({ name: 'none' }, 0));
    expect(jsonOf(chunks)).toMatchObject({ samples: [1], timeDeltas: [0], endTime: 0 });
  });
});

function written(weight: Weight) {
  const profile = sampleProfile();
  const [thread] = profile.threads;
  if (thread === undefined) throw new Error('expected a thread');
  return jsonOf(cpuProfile(profile, weight, thread)) as {
    nodes: Node[];
    samples: number[];
    timeDeltas: number[];
    startTime: number;
    endTime: number;
  };
}
