;; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
;; A name section that is not one: its subsection claims more bytes than there
;; are. Such a module is valid, and Wasmtime ignores the names; so must we.
;;
;; import  env.bump_epoch ()
;; export  run () -> i32   returns 42
;; samples run: 1
(module
  (import "env" "bump_epoch" (func))
  (func (export "run") (result i32)
    (call 0) (loop)
    (i32.const 42))
  ;; Subsection 1 (functions), of 127 bytes; one name, function 1, 3 bytes, not UTF-8.
  (@custom "name" (after last) "\01\7f\01\01\03\ff\fe\80"))
