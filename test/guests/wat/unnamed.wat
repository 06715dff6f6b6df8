;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; No name section: not one $identifier, so functions have indices, and two of
;; them export names. Function 0 is the import.
;;
;; import  env.bump_epoch ()
;; export  run (n: i32) -> i32        function 1; returns 4 * n
;;         exported-middle () -> i32  function 3; returns 3
;; samples run(n): 4 * n, of n in each of functions 1, 2, 3 and 4, stacks of 1 to
;;         4 frames; exported-middle: 2, of functions 3 and 4
(module
  (import "env" "bump_epoch" (func))

  (func (export "run") (param i32) (result i32)
    (local i32)
    (block
      (loop
        (br_if 1 (i32.eqz (local.get 0)))
        (call 0) (loop)
        (local.set 1 (i32.add (local.get 1) (call 2)))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br 0)))
    (local.get 1))

  (func (result i32)
    (call 0) (loop)
    (i32.add (call 3) (i32.const 1)))

  (func (export "exported-middle") (result i32)
    (call 0) (loop)
    (i32.add (call 4) (i32.const 1)))

  (func (result i32)
    (call 0) (loop)
    (i32.const 2)))
