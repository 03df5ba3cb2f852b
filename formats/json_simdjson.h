/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one door to simdjson, a C++ library: its first stage, which finds the structural characters
 * of JSON text with vector instructions and checks along the way that the text is UTF-8, that every
 * string ends, and that no string holds a raw control character. What stands between the structural
 * characters is read by formats/json_walk.c.
 *
 * The library carries this stage once per instruction set and picks one when it is first called, so
 * nothing here is compiled more than once. Why the stage runs over many records at a time:
 * docs/decisions/json-decoding.md.
 *
 *     { " a " : 1 , " b " : [ true ] }          positions: the opening quote of a string, the first
 * character of ^ ^     ^ ^ ^ ^     ^ ^ ^    ^ ^          a number or word, and each of { } [ ] : ,
 */
#ifndef WEIR_FORMATS_JSON_SIMDJSON_H
#define WEIR_FORMATS_JSON_SIMDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Positions that may be written behind the last one, see wr_json_index_find. */
#define WR_JSON_INDEX_SPARE 4

enum wr_json_index_fault {
  WR_JSON_INDEX_OK,
  WR_JSON_INDEX_EMPTY,   /* nothing but blanks */
  WR_JSON_INDEX_STRING,  /* a string does not end */
  WR_JSON_INDEX_CONTROL, /* a control character inside a string */
  WR_JSON_INDEX_UTF8,    /* not UTF-8 */
  WR_JSON_INDEX_MEMORY,  /* too long, or no memory */
  WR_JSON_INDEX_FAULT_COUNT
};

struct wr_json_index;

/* NULL: no memory. */
struct wr_json_index *wr_json_index_new(void);
void wr_json_index_free(struct wr_json_index *index);

/*
 * Finds the structural characters of bytes[0..length-1]. *at gets their positions, ascending, lent
 * until the next call; the caller may write them and WR_JSON_INDEX_SPARE more behind the last.
 * Reads nothing outside the bytes.
 */
enum wr_json_index_fault wr_json_index_find(struct wr_json_index *index, const char *bytes,
                                            size_t length, uint32_t **at, uint32_t *count);

/*
 * True if bytes that are several records with a line feed between them are as good as each of them
 * alone. The library's portable code, for processors without vectors, overlooks a line feed behind
 * a backslash, so that a string without an end may go on in the next record.
 */
bool wr_json_index_takes_many(const struct wr_json_index *index);

/*
 * The text of a JSON string whose characters begin at bytes and go up to a closing quote: resolves
 * escapes, surrogate pairs included. out has room for the string's length and 64 bytes more, and as
 * many bytes behind the closing quote are readable. Returns the length of the text, or SIZE_MAX for
 * a broken escape (a surrogate alone is one).
 */
size_t wr_json_unescape(const struct wr_json_index *index, const char *bytes, char *out);

#ifdef __cplusplus
}
#endif

#endif
