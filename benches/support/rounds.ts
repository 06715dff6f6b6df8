/**
 * Measures each of `work` once a round, in another order each round, so that what drifts (a clock rate,
 * a neighbour's load) touches all alike, and none always comes after the same other. The results of
 * the first `warmUps` rounds are left out.
 */
export async function rounds<K extends string>(
  count: number,
  work: Readonly<Record<K, () => number | Promise<number>>>,
  warmUps = 0,
): Promise<Record<K, number[]>> {
  const names = Object.keys(work) as K[];
  const measured = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    K,
    number[]
  >;
  for (let round = -warmUps; round < count; round++) {
    for (const name of shuffled(names, round)) {
      const value = await work[name]();
      if (round >= 0) measured[name].push(value);
    }
  }
  return measured;
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
