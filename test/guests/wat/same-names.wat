;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Four functions, three of them with the debug name "worker": a profile must keep
;; them apart (by index), and not merge their samples. The fourth is named like
;; another's export.
;;
;; import  env.bump_epoch ()
;; export  run (n: i32) -> i32   function 1, debug name "run"; returns 15 * n
;;         worker () -> i32      function 5, debug name "exported"
;; samples run(n): 15 * n, all in leaf frames: n in function 2 ("worker"), 2 * n in
;;         function 3 ("worker"), 4 * n in function 4 ("worker"), 8 * n in function
;;         5 ("exported", export "worker"). worker: 8
(module $same_names
  (import "env" "bump_epoch" (func $bump_epoch))

  (func $run (export "run") (param $n i32) (result i32)
    (local $sum i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $n)))
        (local.set $sum (i32.add (local.get $sum) (i32.add
          (i32.add (call $one) (call $two))
          (i32.add (call $four) (call $eight)))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $next)))
    (local.get $sum))

  (func $one (@name "worker") (result i32)
    (call $bump_epoch) (loop)
    (i32.const 1))

  (func $two (@name "worker") (result i32)
    (call $bump_epoch) (loop)
    (call $bump_epoch) (loop)
    (i32.const 2))

  (func $four (@name "worker") (result i32)
    (local $left i32)
    (local.set $left (i32.const 4))
    (loop $next
      (call $bump_epoch) (loop)
      (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (i32.const 4))

  (func $eight (@name "exported") (export "worker") (result i32)
    (local $left i32)
    (local.set $left (i32.const 8))
    (loop $next
      (call $bump_epoch) (loop)
      (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (i32.const 8)))
