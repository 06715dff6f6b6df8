// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import { shadeLetter } from "./text";

/// A grid of shades, from 0 to 15.
export class Canvas {
  private cells: Array<i32>;

  constructor(public width: i32, public height: i32) {
    this.cells = new Array<i32>(width * height).fill(0);
  }

  set(x: i32, y: i32, shade: i32): void {
    this.cells[y * this.width + x] = shade;
  }

  // Row by row, with a string for each letter: work for the collector.
  toText(): string {
    let text = "";
    for (let y = 0; y < this.height; y++) {
      text += this.rowText(y) + "\n";
    }
    return text;
  }

  private rowText(y: i32): string {
    let row = "";
    for (let x = 0; x < this.width; x++) {
      row += shadeLetter(this.cells[y * this.width + x]);
    }
    return row;
  }

  countShades(): Map<string, i32> {
    const counts = new Map<string, i32>();
    for (let i = 0; i < this.cells.length; i++) {
      const letter = shadeLetter(this.cells[i]);
      counts.set(letter, (counts.has(letter) ? counts.get(letter) : 0) + 1);
    }
    return counts;
  }
}
