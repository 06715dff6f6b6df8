/** The last row of ascending `offsets` that is not beyond `offset`: of equals, the last. */
export function findRow(offsets: Uint32Array, offset: number): number {
  let low = 0;
  let high = offsets.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((offsets[middle] as number) <= offset) low = middle;
    else high = middle;
  }
  return low;
}
