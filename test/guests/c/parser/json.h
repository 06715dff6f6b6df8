// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A recursive-descent parser: tokens to a tree of nodes, each from malloc.
#ifndef JSON_H
#define JSON_H

#include "token.h"

typedef enum {
  NODE_NULL,
  NODE_BOOL,
  NODE_NUMBER,
  NODE_STRING,
  NODE_ARRAY,
  NODE_OBJECT,
  NODE_KINDS,
} NodeKind;

typedef struct Node Node;

struct Node {
  NodeKind kind;
  int32_t number;
  char *string;
  uint32_t string_length;
  /// The name of this member, when its parent is an object.
  char *key;
  uint32_t key_length;
  Node *first_child;
  Node *next;
};

/// NULL when the text is not a document.
Node *json_parse(Tokenizer *tokenizer);
void json_free(Node *node);

#endif
