// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes a module of very many functions: too large to check in.
//
//   node many-functions.mjs [count] > many-functions.wat
//
// The functions form a binary tree: function i calls its parent (i - 1) >> 1, up
// to function 0, which bumps. So every function can be on a stack, and stacks
// stay short.
//
// import  env.bump_epoch ()
// export  run (i: i32) -> i32    enters at function i; returns the sum of the
//                                indices on the way to function 0
//         run_all () -> i32      enters at each function in turn; returns count
// samples run: 1, in function 0 below floor(log2(i + 1)) others and $run;
//         run_all: count, such stacks with $run_all outermost

import { pathToFileURL } from 'node:url';

/** Function i has this debug name, and the index i + 1 (the import is 0). */
export function functionName(i) {
  return `node_${String(i).padStart(6, '0')}`;
}

/** The module's text, with `count` functions besides `run` and `run_all`. */
export function manyFunctions(count = 12_000) {
  const lines = [
    '(module $many_functions',
    '  (type $node (func (result i32)))',
    '  (import "env" "bump_epoch" (func $bump_epoch))',
    `  (func $${functionName(0)} (result i32) (call $bump_epoch) (loop) (i32.const 0))`,
  ];
  for (let i = 1; i < count; i++) {
    const parent = functionName((i - 1) >> 1);
    lines.push(
      `  (func $${functionName(i)} (result i32) (i32.add (call $${parent}) (i32.const ${i})))`,
    );
  }
  lines.push(
    '  (func $run (export "run") (param $i i32) (result i32)',
    '    (call_indirect $nodes (type $node) (local.get $i)))',
    '  (func $run_all (export "run_all") (result i32)',
    '    (local $i i32)',
    '    (loop $next',
    '      (drop (call $run (local.get $i)))',
    '      (local.set $i (i32.add (local.get $i) (i32.const 1)))',
    `      (br_if $next (i32.lt_u (local.get $i) (i32.const ${count}))))`,
    '    (local.get $i))',
    '  (table $nodes funcref (elem',
  );
  for (let i = 0; i < count; i++) lines.push(`    $${functionName(i)}`);
  lines.push('  )))');
  return lines.join('\n') + '\n';
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const count = Number(process.argv[2] ?? 12_000);
  if (!Number.isInteger(count) || count < 1) {
    process.stderr.write(`many-functions: expected a count, got '${process.argv[2]}'\n`);
    process.exit(2);
  }
  process.stdout.write(manyFunctions(count));
}
