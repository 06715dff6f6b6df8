// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "json.h"

#include <stdlib.h>
#include <string.h>

static Node *parse_value(Tokenizer *tokenizer, Token token);

static Node *node_new(NodeKind kind) {
  Node *node = calloc(1, sizeof *node);
  if (!node)
    abort();
  node->kind = kind;
  return node;
}

static int is_punctuation(Token token, char c) {
  return token.kind == TOKEN_PUNCTUATION && *token.start == c;
}

static int is_word(Token token, const char *word) {
  return token.length == strlen(word) && memcmp(token.start, word, token.length) == 0;
}

__attribute__((noinline)) static char *unquote(Token token, uint32_t *length) {
  char *out = malloc(token.length);
  if (!out)
    abort();
  uint32_t count = 0;
  for (uint32_t i = 1; i + 1 < token.length; i++) {
    if (token.start[i] == '\\')
      i++;
    out[count++] = token.start[i];
  }
  *length = count;
  return out;
}

static Node *parse_number(Token token) {
  Node *node = node_new(NODE_NUMBER);
  uint32_t at = *token.start == '-';
  uint32_t value = 0;
  for (; at < token.length; at++)
    value = value * 10 + (uint32_t)(token.start[at] - '0');
  node->number = (int32_t)(*token.start == '-' ? 0u - value : value);
  return node;
}

static Node *parse_string(Token token) {
  Node *node = node_new(NODE_STRING);
  node->string = unquote(token, &node->string_length);
  return node;
}

static Node *parse_word(Token token) {
  if (is_word(token, "null"))
    return node_new(NODE_NULL);
  int truth = is_word(token, "true");
  if (!truth && !is_word(token, "false"))
    return NULL;
  Node *node = node_new(NODE_BOOL);
  node->number = truth;
  return node;
}

static Node *parse_array(Tokenizer *tokenizer) {
  Node *array = node_new(NODE_ARRAY);
  Node **link = &array->first_child;
  Token token = tokenizer_next(tokenizer);
  while (!is_punctuation(token, ']')) {
    Node *child = parse_value(tokenizer, token);
    if (!child)
      goto fail;
    *link = child;
    link = &child->next;
    token = tokenizer_next(tokenizer);
    if (is_punctuation(token, ','))
      token = tokenizer_next(tokenizer);
    else if (!is_punctuation(token, ']'))
      goto fail;
  }
  return array;
fail:
  json_free(array);
  return NULL;
}

static Node *parse_member(Tokenizer *tokenizer, Token key) {
  if (key.kind != TOKEN_STRING || !is_punctuation(tokenizer_next(tokenizer), ':'))
    return NULL;
  Node *member = parse_value(tokenizer, tokenizer_next(tokenizer));
  if (member)
    member->key = unquote(key, &member->key_length);
  return member;
}

static Node *parse_object(Tokenizer *tokenizer) {
  Node *object = node_new(NODE_OBJECT);
  Node **link = &object->first_child;
  Token token = tokenizer_next(tokenizer);
  while (!is_punctuation(token, '}')) {
    Node *member = parse_member(tokenizer, token);
    if (!member)
      goto fail;
    *link = member;
    link = &member->next;
    token = tokenizer_next(tokenizer);
    if (is_punctuation(token, ','))
      token = tokenizer_next(tokenizer);
    else if (!is_punctuation(token, '}'))
      goto fail;
  }
  return object;
fail:
  json_free(object);
  return NULL;
}

static Node *parse_value(Tokenizer *tokenizer, Token token) {
  switch (token.kind) {
  case TOKEN_STRING:
    return parse_string(token);
  case TOKEN_NUMBER:
    return parse_number(token);
  case TOKEN_WORD:
    return parse_word(token);
  case TOKEN_PUNCTUATION:
    if (*token.start == '{')
      return parse_object(tokenizer);
    if (*token.start == '[')
      return parse_array(tokenizer);
    return NULL;
  default:
    return NULL;
  }
}

Node *json_parse(Tokenizer *tokenizer) {
  return parse_value(tokenizer, tokenizer_next(tokenizer));
}

void json_free(Node *node) {
  while (node) {
    Node *next = node->next;
    json_free(node->first_child);
    free(node->string);
    free(node->key);
    free(node);
    node = next;
  }
}
