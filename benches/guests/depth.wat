;; A stack of any depth, below which a loop makes any number of epoch checks.
;;
;; export  run (depth: i32, checks: i32)   `depth` frames in all; 3 checks of its own and one a turn
(module $depth
  (func $run (export "run") (param $depth i32) (param $checks i32)
    (if (i32.gt_u (local.get $depth) (i32.const 1))
      (then (call $run (i32.sub (local.get $depth) (i32.const 1)) (local.get $checks)))
      (else (call $turn (local.get $checks)))))

  (func $turn (param $checks i32)
    (loop $again
      (br_if $again
        (local.tee $checks (i32.sub (local.get $checks) (i32.const 1)))))))
