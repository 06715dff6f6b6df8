;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; Function names that break writers and readers of profiles. Debug names only:
;; the exports have plain names. Function i + 1 has the i-th name (the functions
;; stand in the order of the list; function 0 is the import).
;;
;; import  env.bump_epoch ()
;; export  run () -> i32     calls every function once; returns 21, their number
;;         call (i: i32)     calls the i-th function, from 0
;; samples run: 21, one in each function; call: 1
(module $weird_names
  (type $weird (func))
  (import "env" "bump_epoch" (func $bump_epoch))
  (table $weird funcref (elem
    1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21))

  ;; double quotes
  (func (@name "say \"hello\"")
    (call $bump_epoch) (loop))

  ;; single quotes and backslashes
  (func (@name "it's C:\\dir\\name")
    (call $bump_epoch) (loop))

  ;; end of a script element
  (func (@name "</script><script>alert(1)</script>")
    (call $bump_epoch) (loop))

  ;; other HTML
  (func (@name "<b>&amp;&lt;")
    (call $bump_epoch) (loop))

  ;; line feed, carriage return, tab
  (func (@name "one\ntwo\r\nthree\tfour")
    (call $bump_epoch) (loop))

  ;; NUL and other control characters
  (func (@name "nul\00bell\07escape\1b[31mred")
    (call $bump_epoch) (loop))

  ;; the separators of folded stacks
  (func (@name "a;b c 10")
    (call $bump_epoch) (loop))

  ;; line and paragraph separator
  (func (@name "line\u{2028}paragraph\u{2029}end")
    (call $bump_epoch) (loop))

  ;; non-Latin and combining
  (func (@name "функция_関数_e\u{301}")
    (call $bump_epoch) (loop))

  ;; beyond the BMP
  (func (@name "rocket_🚀_\u{1f469}\u{200d}\u{1f680}")
    (call $bump_epoch) (loop))

  ;; right-to-left override, zero width
  (func (@name "left\u{202e}thgir\u{202c}\u{200b}.")
    (call $bump_epoch) (loop))

  ;; byte order mark
  (func (@name "\u{feff}mark")
    (call $bump_epoch) (loop))

  ;; empty
  (func (@name "")
    (call $bump_epoch) (loop))

  ;; only blanks
  (func (@name "   ")
    (call $bump_epoch) (loop))

  ;; a mangled C++ name
  (func (@name "_ZN5scene3Bvh9intersectERKN8geometry3RayE")
    (call $bump_epoch) (loop))

  ;; a mangled Rust name, v0
  (func (@name "_RNvCs1234_7mycrate3foo")
    (call $bump_epoch) (loop))

  ;; a legacy Rust name
  (func (@name "_ZN4core3ptr13drop_in_place17h0123456789abcdefE")
    (call $bump_epoch) (loop))

  ;; a Go name
  (func (@name "main.(*node).insert.func1")
    (call $bump_epoch) (loop))

  ;; names of JS objects
  (func (@name "__proto__")
    (call $bump_epoch) (loop))

  ;; template and percent
  (func (@name "${name} %s %n {0}")
    (call $bump_epoch) (loop))

  ;; long
  (func (@name "long_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx_end")
    (call $bump_epoch) (loop))

  (func $call (export "call") (param $i i32)
    (call_indirect $weird (type $weird) (local.get $i)))

  (func $run (export "run") (result i32)
    (local $i i32)
    (loop $next
      (call $call (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (table.size $weird))))
    (local.get $i)))
