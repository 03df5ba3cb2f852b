/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading any JSON text (RFC 8259): one strict pass over the bytes gives a flat list of nodes in
 * the order of the text, without building values. What a node says stays in the text: a number
 * keeps its digits, a string its escapes.
 *
 *   {"a": [1, "x"]}      0 OBJECT  next 5
 *                        1 STRING  next 2     the name of a member, before its value
 *                        2 ARRAY   next 5
 *                        3 NUMBER  next 4
 *                        4 STRING  next 5
 *
 * Depth, nodes and bytes are bounded (core/limits.h); nothing recurses. Nodes are found again by
 * their index, so that a tape can be kept and filled again without giving memory back.
 */
#ifndef WEIR_TEXT_JSON_SCAN_H
#define WEIR_TEXT_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/buffer.h"

enum wr_json_kind {
  WR_JSON_NULL,
  WR_JSON_FALSE,
  WR_JSON_TRUE,
  WR_JSON_NUMBER,
  WR_JSON_STRING,
  WR_JSON_ARRAY,
  WR_JSON_OBJECT
};

struct wr_json_node {
  uint8_t kind;    /* enum wr_json_kind */
  bool escaped;    /* STRING: there is a backslash in it */
  uint32_t first;  /* its first byte; of a STRING the one behind the quote */
  uint32_t end;    /* behind its last byte; of a STRING the closing quote */
  uint32_t next;   /* the node behind it and all that it contains */
  uint32_t length; /* ARRAY: items, OBJECT: members, duplicates counted */
};

/* Zero-initialised is a valid empty tape. The nodes are of the text scanned last, which is lent. */
struct wr_json_tape {
  const char *bytes;
  struct wr_json_node *nodes;
  uint32_t count, capacity;
  const char *problem; /* after a failure: what is wrong, a phrase */
  uint32_t problem_at; /* ... and at which byte */
  bool too_large;      /* the problem is a limit, not the text's form */
};

void wr_json_tape_free(struct wr_json_tape *tape);

/*
 * The whole of the bytes must be one value with nothing but blanks around it. False if it is not:
 * then problem and problem_at say why, and there are no nodes.
 */
bool wr_json_scan(struct wr_json_tape *tape, const char *bytes, size_t length);

/* The same check without keeping nodes; *kind is that of the value. */
bool wr_json_check(const char *bytes, size_t length, enum wr_json_kind *kind);

/* The first node inside a container; it is there if length is not 0. */
static inline uint32_t wr_json_first(uint32_t node)
{
  return node + 1;
}

/* The characters of a STRING, unescaped, behind what the buffer holds. Half a surrogate pair
 * becomes U+FFFD. */
void wr_json_put_string(const struct wr_json_tape *tape, uint32_t node, struct wr_buffer *out);
/* True if the STRING, unescaped, is these bytes. */
bool wr_json_string_is(const struct wr_json_tape *tape, uint32_t node, const char *bytes,
                       size_t length);
/* Any node as JSON without blanks between its parts; numbers and strings as they were written. */
void wr_json_put_compact(const struct wr_json_tape *tape, uint32_t node, struct wr_buffer *out);

/* The value of a member by name, or of an item by number; 0 if there is none. Of several members
 * with the name the last one counts. */
uint32_t wr_json_member(const struct wr_json_tape *tape, uint32_t object, const char *name,
                        size_t length);
uint32_t wr_json_item(const struct wr_json_tape *tape, uint32_t array, uint32_t number);

#endif
