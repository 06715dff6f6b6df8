;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Work in the start function: samples fall during the instantiation, before the
;; host holds an instance.
;;
;; import  env.bump_epoch ()
;; export  memory         1 page
;;         sum () -> i32  returns 0 + ... + 99 = 4950
;; samples instantiation: 10, in $fill_ten below $initialize; sum: 1
(module $start
  (import "env" "bump_epoch" (func $bump_epoch))
  (memory (export "memory") 1)
  (start $initialize)

  (func $initialize
    (local $i i32)
    (loop $next
      (call $fill_ten (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 10)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 100)))))

  (func $fill_ten (param $from i32)
    (local $left i32)
    (call $bump_epoch)
    (local.set $left (i32.const 10))
    (loop $next
      (i32.store (i32.shl (local.get $from) (i32.const 2)) (local.get $from))
      (local.set $from (i32.add (local.get $from) (i32.const 1)))
      (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))

  (func $sum (export "sum") (result i32)
    (local $i i32) (local $sum i32)
    (call $bump_epoch)
    (loop $next
      (local.set $sum (i32.add (local.get $sum)
        (i32.load (i32.shl (local.get $i) (i32.const 2)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 100))))
    (local.get $sum)))
