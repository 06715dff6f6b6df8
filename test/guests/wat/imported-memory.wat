;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Imports one of everything: memory, table, a mutable and a constant global,
;; besides functions. Its own functions thus do not start at index 0, nor do its
;; memory, table and globals: it defines none.
;;
;; import  env.bump_epoch ()
;;         env.memory    memory of at least 1 page
;;         env.table     table of at least 2 funcref; this module fills slots 0 and 1
;;         env.counter   mutable global i32
;;         env.step      constant global i32
;; export  run (n: i32) -> i32   adds step to counter n times, writes each value
;;                               at byte 4 * i of memory, up to n = 16,384;
;;                               returns counter
;; samples run(n): n, in $advance and $write in turn
(module $imported_memory
  (type $task (func (param i32)))
  (import "env" "bump_epoch" (func $bump_epoch))
  (import "env" "memory" (memory 1))
  (import "env" "table" (table $tasks 2 funcref))
  (import "env" "counter" (global $counter (mut i32)))
  (import "env" "step" (global $step i32))
  (elem (table $tasks) (i32.const 0) func $advance $write)

  (func $run (export "run") (param $n i32) (result i32)
    (local $i i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (call $both (local.get $i))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (global.get $counter))

  (func $both (param $i i32)
    (call_indirect $tasks (type $task) (local.get $i) (i32.const 0))
    (call_indirect $tasks (type $task) (local.get $i) (i32.const 1)))

  (func $advance (param $i i32)
    (global.set $counter (i32.add (global.get $counter) (global.get $step)))
    (if (i32.eqz (i32.and (local.get $i) (i32.const 1)))
      (then (call $bump_epoch) (loop))))

  (func $write (param $i i32)
    (i32.store (i32.shl (local.get $i) (i32.const 2)) (global.get $counter))
    (if (i32.and (local.get $i) (i32.const 1))
      (then (call $bump_epoch) (loop)))))
