// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package main

// An unbalanced search tree, walked by recursion: stacks of many depths.
type node struct {
	word       string
	less, more *node
}

func (n *node) insert(word string) *node {
	switch {
	case n == nil:
		return &node{word: word}
	case word < n.word:
		n.less = n.less.insert(word)
	case word > n.word:
		n.more = n.more.insert(word)
	}
	return n
}

func growTree(words []string) *node {
	var root *node
	for _, word := range words {
		root = root.insert(word)
	}
	return root
}

func (n *node) depth() int {
	if n == nil {
		return 0
	}
	return 1 + max(n.less.depth(), n.more.depth())
}

func (n *node) checksum(hash uint32) uint32 {
	if n == nil {
		return hash
	}
	return n.more.checksum(mix(n.less.checksum(hash), n.word, 1))
}
