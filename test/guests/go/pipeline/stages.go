// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package main

import (
	"strconv"
	"strings"
	"sync"
)

const workers = 3

// A text, or what a worker found in it.
type job struct {
	index int
	text  string
}

type finding struct {
	index  int
	counts map[string]int
	tree   *node
}

type summary struct {
	words, distinct, deepest int
	commonest                string
	checksum                 uint32
}

func (s summary) String() string {
	fields := []string{
		"words=" + strconv.Itoa(s.words),
		"distinct=" + strconv.Itoa(s.distinct),
		"deepest=" + strconv.Itoa(s.deepest),
		"commonest=" + s.commonest,
		"checksum=" + strconv.FormatUint(uint64(s.checksum), 16),
	}
	return strings.Join(fields, " ")
}

func produce(texts int, jobs chan<- job) {
	writer := newWriter(1)
	for index := 0; index < texts; index++ {
		jobs <- job{index, writer.text(400)}
	}
	close(jobs)
}

func work(jobs <-chan job, findings chan<- finding, done *sync.WaitGroup) {
	defer done.Done()
	for job := range jobs {
		words := splitWords(job.text)
		findings <- finding{job.index, countWords(words), growTree(words)}
	}
}

// The findings come in any order, so what is kept of them must not depend on it.
func collect(findings <-chan finding) summary {
	total := make(map[string]int)
	var result summary
	for finding := range findings {
		mergeCounts(total, finding.counts)
		if depth := finding.tree.depth(); depth > result.deepest {
			result.deepest = depth
		}
		result.checksum ^= finding.tree.checksum(uint32(finding.index))
	}
	ranked := rankWords(total)
	result.distinct = len(ranked)
	result.commonest = ranked[0].word
	for _, entry := range ranked {
		result.words += entry.count
		result.checksum = mix(result.checksum, entry.word, uint32(entry.count))
	}
	return result
}

func runPipeline(texts int) summary {
	jobs := make(chan job, 4)
	findings := make(chan finding)
	var done sync.WaitGroup
	go produce(texts, jobs)
	for i := 0; i < workers; i++ {
		done.Add(1)
		go work(jobs, findings, &done)
	}
	go func() {
		done.Wait()
		close(findings)
	}()
	return collect(findings)
}
