// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "visit.h"

typedef void (*Visitor)(Summary *summary, const Node *node, uint32_t depth);
typedef void (*Writer)(Text *out, const Node *node);

static void visit(Summary *summary, const Node *node, uint32_t depth);

static void visit_null(Summary *summary, const Node *node, uint32_t depth) {
  (void)summary, (void)node, (void)depth;
}

static void visit_number(Summary *summary, const Node *node, uint32_t depth) {
  (void)depth;
  summary->sum = (int32_t)((uint32_t)summary->sum * 31u + (uint32_t)node->number);
}

static void visit_string(Summary *summary, const Node *node, uint32_t depth) {
  (void)depth;
  words_count(summary->words, node->string, node->string_length);
}

static void visit_array(Summary *summary, const Node *node, uint32_t depth) {
  for (const Node *child = node->first_child; child; child = child->next)
    visit(summary, child, depth + 1);
}

static void visit_object(Summary *summary, const Node *node, uint32_t depth) {
  for (const Node *child = node->first_child; child; child = child->next) {
    words_count(summary->words, child->key, child->key_length);
    visit(summary, child, depth + 1);
  }
}

static const Visitor visitors[NODE_KINDS] = {
    [NODE_NULL] = visit_null,     [NODE_BOOL] = visit_number,
    [NODE_NUMBER] = visit_number, [NODE_STRING] = visit_string,
    [NODE_ARRAY] = visit_array,   [NODE_OBJECT] = visit_object,
};

static void visit(Summary *summary, const Node *node, uint32_t depth) {
  summary->nodes++;
  if (depth > summary->deepest)
    summary->deepest = depth;
  visitors[node->kind](summary, node, depth);
}

void summarize(Summary *summary, const Node *node) {
  visit(summary, node, 1);
}

static void write_null(Text *out, const Node *node) {
  (void)node;
  text_put_string(out, "null");
}

static void write_bool(Text *out, const Node *node) {
  text_put_string(out, node->number ? "true" : "false");
}

static void write_number(Text *out, const Node *node) {
  text_put_int(out, node->number);
}

static void write_string(Text *out, const Node *node) {
  text_put_quoted(out, node->string, node->string_length);
}

static void write_array(Text *out, const Node *node) {
  text_put_char(out, '[');
  for (const Node *child = node->first_child; child; child = child->next) {
    serialize(out, child);
    if (child->next)
      text_put_char(out, ',');
  }
  text_put_char(out, ']');
}

static void write_object(Text *out, const Node *node) {
  text_put_char(out, '{');
  for (const Node *child = node->first_child; child; child = child->next) {
    text_put_quoted(out, child->key, child->key_length);
    text_put_char(out, ':');
    serialize(out, child);
    if (child->next)
      text_put_char(out, ',');
  }
  text_put_char(out, '}');
}

static const Writer writers[NODE_KINDS] = {
    [NODE_NULL] = write_null,     [NODE_BOOL] = write_bool,
    [NODE_NUMBER] = write_number, [NODE_STRING] = write_string,
    [NODE_ARRAY] = write_array,   [NODE_OBJECT] = write_object,
};

void serialize(Text *out, const Node *node) {
  writers[node->kind](out, node);
}
