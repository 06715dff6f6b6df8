// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Walks a tree with one function per kind of node, called through a table.
#ifndef VISIT_H
#define VISIT_H

#include "json.h"
#include "text.h"
#include "words.h"

typedef struct {
  uint32_t nodes;
  uint32_t deepest;
  int32_t sum;
  Words *words;
} Summary;

void summarize(Summary *summary, const Node *node);
/// Writes the tree as compact JSON.
void serialize(Text *out, const Node *node);

#endif
