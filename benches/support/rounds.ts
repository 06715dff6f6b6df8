type Work = () => number | Promise<number>;

/** The results of each round; undefined where there was nothing to do. */
export type Measured<W> = {
  [K in keyof W]: undefined extends W[K] ? number[] | undefined : number[];
};

/**
 * Measures each of `work` once a round, in another order each round, so that what drifts (a clock rate,
 * a neighbour's load) touches all alike, and none always comes after the same other. The results of
 * the first `warmUps` rounds are left out.
 */
export async function rounds<W extends Readonly<Record<string, Work | undefined>>>(
  count: number,
  work: W,
  warmUps = 0,
): Promise<Measured<W>> {
  const all = Object.entries(work).flatMap(([name, measure]) =>
    measure === undefined ? [] : [{ name, measure, results: [] as number[] }],
  );
  for (let round = -warmUps; round < count; round++) {
    for (const { measure, results } of shuffled(all, round)) {
      const value = await measure();
      if (round >= 0) results.push(value);
    }
  }
  return Object.fromEntries(all.map(({ name, results }) => [name, results])) as Measured<W>;
}

/** An order that depends on the round alone. */
export function shuffled<T>(items: readonly T[], round: number): T[] {
  const order = [...items];
  let state = (round + 1) * 0x9e37_79b9;
  for (let i = order.length - 1; i > 0; i--) {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) + 0x297a_2d39) >>> 0;
    const j = state % (i + 1);
    [order[i], order[j]] = [order[j] as T, order[i] as T];
  }
  return order;
}
