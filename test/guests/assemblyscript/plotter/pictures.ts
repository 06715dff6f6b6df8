// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Gives each point of the unit square a shade from 0 to 15. Reached by
/// virtual dispatch.
export abstract class Picture {
  abstract shade(x: f64, y: f64): i32;
}

const LIMIT: i32 = 160;

function escapeTime(zr: f64, zi: f64, cr: f64, ci: f64): i32 {
  let steps = 0;
  while (steps < LIMIT && zr * zr + zi * zi < 4.0) {
    const next = zr * zr - zi * zi + cr;
    zi = 2.0 * zr * zi + ci;
    zr = next;
    steps++;
  }
  return steps;
}

export class Mandelbrot extends Picture {
  shade(x: f64, y: f64): i32 {
    return escapeTime(0, 0, x * 3.0 - 2.2, y * 2.4 - 1.2) & 15;
  }
}

export class Julia extends Picture {
  constructor(private cr: f64, private ci: f64) {
    super();
  }

  shade(x: f64, y: f64): i32 {
    return escapeTime(x * 3.0 - 1.5, y * 2.4 - 1.2, this.cr, this.ci) & 15;
  }
}

/// Triangle waves that add up: recursion for each point.
export class Waves extends Picture {
  constructor(private depth: i32) {
    super();
  }

  shade(x: f64, y: f64): i32 {
    return i32(Math.floor(this.height(x + y * 0.5, y - x * 0.5, this.depth) * 7.9)) & 15;
  }

  private height(x: f64, y: f64, depth: i32): f64 {
    const fx = Math.abs(x - Math.floor(x) - 0.5);
    const fy = Math.abs(y - Math.floor(y) - 0.5);
    if (depth == 0) return fx + fy;
    return (fx + fy + this.height(x * 2.0, y * 2.0, depth - 1)) * 0.5;
  }
}
