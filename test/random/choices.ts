/** Decisions that a list of numbers makes, which fast-check chose and can make smaller; zeros at its end. */
export class Choices {
  #at = 0;
  readonly #numbers: readonly number[];

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  /** A whole number below `limit`. */
  below(limit: number): number {
    return (this.#numbers[this.#at++] ?? 0) % limit;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** True `percent` times out of 100, and never once the numbers are used up. */
  chance(percent: number): boolean {
    return this.below(100) > 99 - percent;
  }
}
