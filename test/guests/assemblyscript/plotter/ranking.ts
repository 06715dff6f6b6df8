// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// A shade's letter and how often it was drawn.
class Rank {
  constructor(public letter: string, public count: i32) {}
}

function goesBefore(a: Rank, b: Rank): bool {
  return a.count != b.count ? a.count > b.count : a.letter < b.letter;
}

function partition(ranks: Array<Rank>, low: i32, high: i32): i32 {
  const pivot = ranks[high];
  let boundary = low;
  for (let i = low; i < high; i++) {
    if (goesBefore(ranks[i], pivot)) {
      const kept = ranks[i];
      ranks[i] = ranks[boundary];
      ranks[boundary++] = kept;
    }
  }
  ranks[high] = ranks[boundary];
  ranks[boundary] = pivot;
  return boundary;
}

function quicksort(ranks: Array<Rank>, low: i32, high: i32): void {
  if (low >= high) return;
  const boundary = partition(ranks, low, high);
  quicksort(ranks, low, boundary - 1);
  quicksort(ranks, boundary + 1, high);
}

/// Such as "e:120 a:80", the commonest first.
export function rankShades(counts: Map<string, i32>): string {
  const letters = "abcdefghijklmnop";
  const ranks = new Array<Rank>();
  for (let i = 0; i < letters.length; i++) {
    const letter = letters.charAt(i);
    if (counts.has(letter)) ranks.push(new Rank(letter, counts.get(letter)));
  }
  quicksort(ranks, 0, ranks.length - 1);
  let text = "";
  for (let i = 0; i < ranks.length; i++) {
    text += (i > 0 ? " " : "") + ranks[i].letter + ":" + ranks[i].count.toString();
  }
  return text;
}
