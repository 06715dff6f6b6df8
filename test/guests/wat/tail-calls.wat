;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Tail calls: 100,000 calls and never more than one frame. (Wasmtime's tail_call
;; proposal, on by default.)
;;
;; import  env.bump_epoch ()
;; export  count_down (n: i32) -> i32   return_call to itself; returns 0
;;         even_odd (n: i32) -> i32     $even and $odd in turn; returns 1 if n is even
;;         machine (n: i32) -> i32      return_call_indirect through a table of
;;                                      three states; returns n
;;         framed (n: i32) -> i32       count_down below an ordinary frame; returns 1
;; samples floor(n / 1000) in each: a bump wherever the calls left are a multiple
;;         of 1000, 0 excepted, sampled at the entry of the next function. Leaf
;;         frames: $count_down; for an even n, $odd only; $red, $green and $blue.
;;         Stacks of one frame, in framed of two.
(module $tail_calls
  (type $state (func (param i32 i32) (result i32)))
  (import "env" "bump_epoch" (func $bump_epoch))
  (table $states funcref (elem $red $green $blue))

  (func $bump_at_thousands (param $n i32)
    (br_if 0 (i32.rem_u (local.get $n) (i32.const 1000)))
    (call $bump_epoch))

  (func $count_down (export "count_down") (param $n i32) (result i32)
    (if (i32.eqz (local.get $n)) (then (return (i32.const 0))))
    (call $bump_at_thousands (local.get $n))
    (return_call $count_down (i32.sub (local.get $n) (i32.const 1))))

  (func $framed (export "framed") (param $n i32) (result i32)
    (i32.add (call $count_down (local.get $n)) (i32.const 1)))

  (func $even (export "even_odd") (param $n i32) (result i32)
    (if (i32.eqz (local.get $n)) (then (return (i32.const 1))))
    (call $bump_at_thousands (local.get $n))
    (return_call $odd (i32.sub (local.get $n) (i32.const 1))))

  (func $odd (param $n i32) (result i32)
    (if (i32.eqz (local.get $n)) (then (return (i32.const 0))))
    (call $bump_at_thousands (local.get $n))
    (return_call $even (i32.sub (local.get $n) (i32.const 1))))

  (func $machine (export "machine") (param $n i32) (result i32)
    (return_call $red (local.get $n) (i32.const 0)))

  (func $red (param $left i32) (param $steps i32) (result i32)
    (if (i32.eqz (local.get $left)) (then (return (local.get $steps))))
    (call $bump_at_thousands (local.get $left))
    (return_call_indirect $states (type $state)
      (i32.sub (local.get $left) (i32.const 1))
      (i32.add (local.get $steps) (i32.const 1))
      (i32.const 1)))

  (func $green (param $left i32) (param $steps i32) (result i32)
    (if (i32.eqz (local.get $left)) (then (return (local.get $steps))))
    (call $bump_at_thousands (local.get $left))
    (return_call_indirect $states (type $state)
      (i32.sub (local.get $left) (i32.const 1))
      (i32.add (local.get $steps) (i32.const 1))
      (i32.const 2)))

  (func $blue (param $left i32) (param $steps i32) (result i32)
    (if (i32.eqz (local.get $left)) (then (return (local.get $steps))))
    (call $bump_at_thousands (local.get $left))
    (return_call_indirect $states (type $state)
      (i32.sub (local.get $left) (i32.const 1))
      (i32.add (local.get $steps) (i32.const 1))
      (i32.const 0))))
