/** Functions that a page shows in WebAssembly's text format. */

import type { CodeText } from '../profile/code-text.js';
import type { FrameIndex } from '../profile/frame-table.js';
import type { FuncIndex } from '../profile/func-table.js';
import type { Profile } from '../profile/profile.js';

/** The text of each function that has one. */
export function codesOf({ codeTexts, frames }: Profile): ReadonlyMap<FuncIndex, CodeText> {
  const found = new Map<FuncIndex, CodeText>();
  for (let frame = 0; frame < frames.length && codeTexts.size > 0; frame++) {
    const text = codeTexts.get(frames.nativeSymbol.get(frame));
    const func = frames.func.get(frame);
    // What was inlined is a part of the text of another function.
    if (text === undefined || frames.inlineDepth.get(frame) > 0 || found.has(func)) continue;
    found.set(func, text);
  }
  return found;
}

/** Which line of its function's text a frame is in; undefined where the function has none. */
export function codeLines(profile: Profile): (frame: FrameIndex) => number | undefined {
  const { codeTexts, frames } = profile;
  const codes = codesOf(profile);
  return (frame) => {
    const text = codes.get(frames.func.get(frame));
    // Two pieces of code may be one function: the lines are those of the first.
    if (text === undefined || text !== codeTexts.get(frames.nativeSymbol.get(frame))) {
      return undefined;
    }
    return frames.inlineDepth.get(frame) > 0
      ? undefined
      : text.lineOf.get(frames.address.get(frame));
  };
}
