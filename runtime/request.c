/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/request.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* What is left of a line. */
struct request_words {
  const char *at, *end;
  bool is_damaged; /* a blank that no word follows */
};

/* The next word; length 0: there is none. */
static const char *words_next(struct request_words *words, size_t *length)
{
  const char *word = words->at;
  const char *blank = memchr(word, ' ', (size_t)(words->end - word));
  *length = (size_t)((blank ? blank : words->end) - word);
  words->at = blank ? blank + 1 : words->end;
  words->is_damaged = words->is_damaged || (blank && (words->at == words->end || *length == 0));
  return word;
}

static bool word_is(const char *word, size_t length, const char *expected)
{
  return strlen(expected) == length && memcmp(word, expected, length) == 0;
}

/* Takes the next word if it is this one. */
static bool words_take(struct request_words *words, const char *expected)
{
  struct request_words ahead = *words;
  size_t length;
  const char *word = words_next(&ahead, &length);
  if (!word_is(word, length, expected))
    return false;
  *words = ahead;
  return true;
}

static bool words_are_over(const struct request_words *words)
{
  return words->at == words->end && !words->is_damaged;
}

/* What came, for a message: it may be anything. */
static int request_shown(const char *line, size_t length, char *shown, size_t room)
{
  size_t at = 0;
  for (; at < length && at + 1 < room; at++)
    shown[at] = line[at] >= ' ' && line[at] < 127 ? line[at] : '?';
  return (int)at;
}

enum wr_code wr_request_parse(const char *line, size_t length, struct wr_request *out,
                              struct wr_error *err)
{
  struct request_words words = {line, line + length, false};
  char shown[WR_REQUEST_BYTES_MAX + 1];
  *out = (struct wr_request){0};
  if (length > WR_REQUEST_BYTES_MAX)
    return wr_fail(err, WR_LIMIT, "a request has more than WR_REQUEST_BYTES_MAX (%d) bytes",
                   WR_REQUEST_BYTES_MAX);
  bool known = true;
  if (words_take(&words, "savepoint")) {
    out->kind = WR_REQUEST_SAVEPOINT;
    out->hold = words_take(&words, "hold");
    out->stop = words_take(&words, "stop");
    out->drain = out->stop && words_take(&words, "drain");
  } else if (words_take(&words, "status")) {
    out->kind = WR_REQUEST_STATUS;
  } else {
    known = false;
  }
  if (known && words_are_over(&words))
    return WR_OK;
  return wr_fail(err, WR_UNSUPPORTED,
                 "there is no request %.*s; there are savepoint [hold] [stop [drain]] and status",
                 request_shown(line, length, shown, sizeof shown), shown);
}

/* ---- replies */

/* What follows the first word. */
enum reply_shape { REPLY_NUMBERS, REPLY_TEXT };

static const struct {
  const char *word;
  enum reply_shape shape;
  uint32_t number_count;
} replies[] = {
    [WR_REPLY_BEGUN] = {"begun", REPLY_NUMBERS, 1},
    [WR_REPLY_SEALED] = {"sealed", REPLY_NUMBERS, 4},
    [WR_REPLY_STOPPED] = {"stopped", REPLY_NUMBERS, 1},
    [WR_REPLY_ENDED] = {"ended", REPLY_NUMBERS, 1},
    [WR_REPLY_STATUS] = {"status", REPLY_TEXT, 0},
    [WR_REPLY_FAILED] = {"failed", REPLY_TEXT, 0},
};
enum { REPLY_COUNT = sizeof replies / sizeof *replies };

static bool words_number(struct request_words *words, uint64_t *value)
{
  size_t length;
  const char *word = words_next(words, &length);
  *value = 0;
  if (length == 0 || (length > 1 && *word == '0'))
    return false;
  for (size_t i = 0; i < length; i++)
    if (word[i] < '0' || word[i] > '9' || __builtin_mul_overflow(*value, 10, value) ||
        __builtin_add_overflow(*value, (uint64_t)(word[i] - '0'), value))
      return false;
  return true;
}

static enum wr_code reply_bad(const char *line, size_t length, struct wr_error *err)
{
  char shown[WR_REQUEST_BYTES_MAX + 1];
  return wr_fail(err, WR_DATA, "the running job has answered something unknown: %.*s",
                 request_shown(line, length, shown, sizeof shown), shown);
}

enum wr_code wr_reply_parse(const char *line, size_t length, struct wr_reply *out,
                            struct wr_error *err)
{
  struct request_words words = {line, line + length, false};
  uint64_t *const numbers[] = {&out->epoch, &out->bytes, &out->own_bytes, &out->micros};
  *out = (struct wr_reply){0};
  for (int kind = 0; kind < REPLY_COUNT; kind++) {
    if (!words_take(&words, replies[kind].word))
      continue;
    out->kind = (enum wr_reply_kind)kind;
    if (replies[kind].shape == REPLY_TEXT) {
      out->text = words.at;
      out->text_length = (size_t)(words.end - words.at);
      return out->text_length ? WR_OK : reply_bad(line, length, err);
    }
    for (uint32_t i = 0; i < replies[kind].number_count; i++)
      if (!words_number(&words, numbers[i]))
        return reply_bad(line, length, err);
    return words_are_over(&words) ? WR_OK : reply_bad(line, length, err);
  }
  return reply_bad(line, length, err);
}

size_t wr_reply_print(const struct wr_reply *reply, char *line, size_t room)
{
  const uint64_t numbers[] = {reply->epoch, reply->bytes, reply->own_bytes, reply->micros};
  const char *word = replies[reply->kind].word;
  size_t length = strlen(word);
  assert(room > length);
  memcpy(line, word, length + 1);
  if (replies[reply->kind].shape == REPLY_TEXT) {
    if (length + 1 + reply->text_length >= room)
      return 0;
    line[length++] = ' ';
    for (size_t i = 0; i < reply->text_length; i++)
      line[length++] = reply->text[i] == '\n' ? ' ' : reply->text[i];
    line[length] = 0;
    return length;
  }
  for (uint32_t i = 0; i < replies[reply->kind].number_count; i++) {
    int more = snprintf(line + length, room - length, " %llu", (unsigned long long)numbers[i]);
    if ((size_t)more >= room - length)
      return 0;
    length += (size_t)more;
  }
  return length;
}

bool wr_line_find(const char *bytes, size_t length, size_t *line_length, size_t *used)
{
  const char *feed = length ? memchr(bytes, '\n', length) : NULL;
  if (!feed)
    return false;
  *line_length = (size_t)(feed - bytes);
  *used = *line_length + 1;
  return true;
}
