// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cuts text into tokens. Each class of first byte has its own scanning
// function, reached through a table: indirect calls in a hot loop.
#ifndef TOKEN_H
#define TOKEN_H

#include <stdint.h>

typedef enum {
  TOKEN_END,
  TOKEN_PUNCTUATION,
  TOKEN_STRING,
  TOKEN_NUMBER,
  TOKEN_WORD,
  TOKEN_ERROR,
} TokenKind;

typedef struct {
  TokenKind kind;
  const char *start;
  uint32_t length;
} Token;

typedef struct {
  const char *at;
  const char *end;
  uint32_t count;
} Tokenizer;

void tokenizer_init(Tokenizer *tokenizer, const char *text, uint32_t length);
Token tokenizer_next(Tokenizer *tokenizer);

#endif
