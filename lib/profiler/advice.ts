import type { NativeDebugLinks } from '../generated/native.js';

/** How compilers are told to write debug information; by what names them in a `producers` section. */
const FLAGS: readonly (readonly [producer: RegExp, flag: string])[] = [
  [/^rustc$/i, '-C debuginfo=1 (or debug = 1 in the profile of Cargo.toml)'],
  [/^(clang|clang llvm|emscripten|swift.*|flang|dart.*)$/i, '-g'],
  [/^tinygo$/i, 'no -no-debug'],
  [/^zig$/i, 'no -fstrip'],
  [/^kotlin/i, '-Xwasm-generate-dwarf'],
];

/**
 * Says once of a module without any lines what would give it some: nothing where it names its functions and no
 * compiler that can do more is known.
 */
export function adviseOn(links: NativeDebugLinks, warn: (warning: string) => void): void {
  const flag = FLAGS.find(([producer]) => links.producers.some((name) => producer.test(name)))?.[1];
  const how = flag === undefined ? '' : `, or compile with ${flag}`;
  if (!links.hasNames) {
    warn(`stripped: neither names nor debug information: give a file with it as debugInfo${how}`);
  } else if (flag !== undefined) {
    warn(`names, but no lines: give a file with debug information as debugInfo${how}`);
  }
}
