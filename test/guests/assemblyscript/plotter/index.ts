// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// run(n) draws pictures n characters wide, as text, and returns a checksum of
// them. Not a WASI guest: it imports env.report(i32), called once for each
// picture, and env.abort, which AssemblyScript itself needs.
//
// Also valid as TypeScript with AssemblyScript's portable library: integers
// stay small and divisions go through i32(), so that both give the same.
import { Canvas } from "./canvas";
import { Julia, Mandelbrot, Picture, Waves } from "./pictures";
import { rankShades } from "./ranking";
import { mixText } from "./text";

@external("env", "report")
declare function report(checksum: i32): void;

function makePicture(index: i32): Picture {
  if (index == 0) return new Mandelbrot();
  if (index == 1) return new Julia(-0.8, 0.156);
  return new Waves(6);
}

function drawPicture(picture: Picture, width: i32): Canvas {
  const canvas = new Canvas(width, i32(width / 2));
  for (let y = 0; y < canvas.height; y++) {
    for (let x = 0; x < width; x++) {
      canvas.set(x, y, picture.shade(x / f64(width), y / f64(canvas.height)));
    }
  }
  return canvas;
}

function checkPicture(index: i32, width: i32): i32 {
  const canvas = drawPicture(makePicture(index), width);
  const drawn = mixText(index, canvas.toText());
  return mixText(drawn, rankShades(canvas.countShades()));
}

export function run(width: i32): i32 {
  let checksum = 0;
  for (let index = 0; index < 3; index++) {
    const picture = checkPicture(index, width);
    report(picture);
    checksum = (checksum * 31 + picture) & 0xffff;
  }
  return checksum;
}

/// Fails an assertion after some work: ends in env.abort, then a trap.
export function fail(width: i32): void {
  assert(run(width) < 0, "fail was asked to fail");
}
