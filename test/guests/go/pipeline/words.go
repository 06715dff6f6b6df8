// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package main

import (
	"sort"
	"strings"
)

// A writer makes texts of made-up words, the same for the same seed.
type writer struct {
	state uint32
}

func newWriter(seed uint32) *writer {
	return &writer{seed}
}

func (w *writer) below(limit uint32) uint32 {
	w.state = w.state*1664525 + 1013904223
	return (w.state >> 8) % limit
}

func (w *writer) word() string {
	syllables := [...]string{"ka", "lo", "mi", "ne", "pu", "Ra", "so", "TI"}
	var word strings.Builder
	for left := 1 + w.below(3); left > 0; left-- {
		word.WriteString(syllables[w.below(uint32(len(syllables)))])
	}
	return word.String()
}

// Joins by '+' on purpose: each step leaves a string for the collector.
func (w *writer) text(words int) string {
	text := ""
	for i := 0; i < words; i++ {
		text += w.word() + " "
	}
	return text
}

func splitWords(text string) []string {
	return strings.Fields(strings.ToLower(text))
}

func countWords(words []string) map[string]int {
	counts := make(map[string]int)
	for _, word := range words {
		counts[word]++
	}
	return counts
}

func mergeCounts(into, from map[string]int) {
	for word, count := range from {
		into[word] += count
	}
}

type entry struct {
	word  string
	count int
}

// The commonest first, then by letters.
type byRank []entry

func (r byRank) Len() int      { return len(r) }
func (r byRank) Swap(i, j int) { r[i], r[j] = r[j], r[i] }
func (r byRank) Less(i, j int) bool {
	if r[i].count != r[j].count {
		return r[i].count > r[j].count
	}
	return r[i].word < r[j].word
}

func rankWords(counts map[string]int) []entry {
	ranked := make([]entry, 0, len(counts))
	for word, count := range counts {
		ranked = append(ranked, entry{word, count})
	}
	sort.Sort(byRank(ranked))
	return ranked
}

func mix(hash uint32, word string, count uint32) uint32 {
	for i := 0; i < len(word); i++ {
		hash = (hash ^ uint32(word[i])) * 16777619
	}
	return hash ^ count
}
