// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// goroutines [rounds]
//
// Calls of several kinds, on goroutines that wait in the middle of them: what is on WebAssembly's stack then is a part
// of the goroutine's. Prints every stack that `spin` was called on, as Go's own runtime tells it, outermost first:
// one a line, the names with ";" between them, sorted.
package main

import (
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
)

var (
	mutex  sync.Mutex
	stacks = map[string]bool{}
	sink   int
)

// Notes the stack of its caller's.
func note() {
	pcs := make([]uintptr, 128)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	names := []string{}
	for {
		frame, more := frames.Next()
		if frame.Function != "runtime.goexit" && frame.Function != "runtime.main" {
			names = append([]string{frame.Function}, names...)
		}
		if !more {
			break
		}
	}
	mutex.Lock()
	stacks[strings.Join(names, ";")] = true
	mutex.Unlock()
}

//go:noinline
func spin(rounds int) int {
	note()
	runtime.Gosched()
	sum := 0
	for i := 0; i < rounds; i++ {
		sum += i % 7
	}
	return sum
}

//go:noinline
func even(depth, rounds int) int {
	if depth == 0 {
		return spin(rounds)
	}
	return odd(depth-1, rounds) + 1
}

//go:noinline
func odd(depth, rounds int) int {
	var space [9]int
	for i := range space {
		space[i] = depth + i
	}
	return even(depth-1, rounds) + space[depth%9]
}

type worker struct{ rounds int }

type works interface{ work(depth int) int }

func (w *worker) work(depth int) int {
	runtime.Gosched()
	return even(2*depth, w.rounds) + even(2*depth, w.rounds)
}

type list[T any] struct {
	value T
	next  *list[T]
}

func (l *list[T]) each(visit func(T)) {
	if l == nil {
		return
	}
	visit(l.value)
	l.next.each(visit)
}

func deferred(rounds int) (result int) {
	defer func() {
		if recover() != nil {
			result = spin(rounds)
		}
	}()
	runtime.Gosched()
	panic("as it is to be")
}

func main() {
	rounds := 1000000
	if len(os.Args) > 1 {
		rounds, _ = strconv.Atoi(os.Args[1])
	}
	var group sync.WaitGroup
	start := func(run func() int) {
		group.Add(1)
		go func() {
			defer group.Done()
			result := run()
			mutex.Lock()
			sink += result
			mutex.Unlock()
		}()
	}
	var workers works = &worker{rounds}
	for depth := 0; depth < 4; depth++ {
		depth := depth
		start(func() int { return workers.work(depth) })
	}
	start(func() int {
		sum := 0
		values := &list[int]{1, &list[int]{2, &list[int]{3, nil}}}
		values.each(func(value int) { sum += spin(rounds * value) })
		return sum
	})
	start(func() int { return deferred(rounds) })
	group.Wait()
	sink += spin(rounds)
	lines := []string{}
	for stack := range stacks {
		lines = append(lines, stack)
	}
	sort.Strings(lines)
	os.Stdout.WriteString(strings.Join(lines, "\n") + "\n")
}
