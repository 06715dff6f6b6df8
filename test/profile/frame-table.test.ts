import { describe, expect, it } from 'vitest';
import { CATEGORY_GUEST } from '../../lib/profile/category.js';
import { FrameTable, NO_ADDRESS } from '../../lib/profile/frame-table.js';
import { NO_LIB } from '../../lib/profile/lib-table.js';

describe('FrameTable', () => {
  it('tells frames apart by every field', () => {
    const frames = new FrameTable();
    const variants = [
      { func: 0 },
      { func: 1 },
      { func: 0, address: 5 },
      { func: 0, lib: 0 },
      { func: 0, inlineDepth: 1 },
      { func: 0, nativeSymbol: 0 },
      { func: 0, line: 1 },
      { func: 0, column: 1 },
      { func: 0, category: 0 },
      { func: 0, subcategory: 1 },
    ];
    const indexes = variants.map((frame) => frames.intern(frame));
    expect(indexes).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(variants.map((frame) => frames.intern(frame))).toEqual(indexes);
    expect([frames.address.get(0), frames.lib.get(0)]).toEqual([NO_ADDRESS, NO_LIB]);
    expect(frames.category.get(0)).toBe(CATEGORY_GUEST);
  });

  it('finds every frame again among many', () => {
    const frames = new FrameTable();
    for (let address = 0; address < 20_000; address++) {
      expect(frames.intern({ func: address % 7, lib: 0, address })).toBe(address);
    }
    for (let address = 0; address < 20_000; address++) {
      expect(frames.intern({ func: address % 7, lib: 0, address })).toBe(address);
    }
  });

  it('holds addresses beyond 2 GiB, and depths beyond a byte at its end', () => {
    const frames = new FrameTable();
    expect(frames.address.get(frames.intern({ func: 0, address: 0xffff_ffff }))).toBe(0xffff_ffff);
    const deep = frames.intern({ func: 0, inlineDepth: 300 });
    expect(frames.inlineDepth.get(deep)).toBe(255);
    expect(frames.intern({ func: 0, inlineDepth: 299 })).toBe(deep);
  });
});
