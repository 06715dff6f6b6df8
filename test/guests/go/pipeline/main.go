// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// pipeline [texts]
//
// Writes texts, cuts them into words, counts and sorts them in goroutines
// joined by channels, and makes garbage for the collector on its way. Prints
// one line that depends on nothing but the number of texts. No fmt: it would
// double the size of the wasm.
package main

import (
	"os"
	"strconv"
)

const defaultTexts = 60

func textsFromArgs() int {
	if len(os.Args) < 2 {
		return defaultTexts
	}
	texts, err := strconv.Atoi(os.Args[1])
	if err != nil || texts < 1 {
		os.Stderr.WriteString("pipeline: expected a number of texts, got " + os.Args[1] + "\n")
		os.Exit(2)
	}
	return texts
}

func main() {
	texts := textsFromArgs()
	summary := runPipeline(texts)
	os.Stdout.WriteString("pipeline texts=" + strconv.Itoa(texts) + " " + summary.String() + "\n")
}
