/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths to the values of a JSON record as input schemas of Kinesis Data Analytics for SQL name
 * them:
 *
 *   $                    the record itself
 *   $.a.b  $['a']["b c"] members of objects
 *   $.list[0:]           a whole array ([*] is the same)
 *   $.list[0:].x         a member of every object in it: the array gives a row for each
 */
#ifndef WEIR_FORMATS_MAPPING_PATH_H
#define WEIR_FORMATS_MAPPING_PATH_H

#include "core/arena.h"
#include "core/error.h"

#define WR_MAPPING_STEPS_MAX 32 /* names in one path, that of the rows in front of it included */

struct wr_mapping_path {
  const char *names[WR_MAPPING_STEPS_MAX];
  uint32_t count;
  bool is_list; /* it ends with [0:] */
  uint32_t
      list; /* a [0:] with more behind it stands behind so many names; UINT32_MAX: there is none */
};

/* Names live in the arena. Fails (WR_SEMANTIC, WR_UNSUPPORTED), naming the path; err has no span.
 */
enum wr_code wr_mapping_path_parse(const char *text, struct wr_arena *arena,
                                   struct wr_mapping_path *out, struct wr_error *err);

/* A column's path from the record, where `rows` is the path of its rows, which goes through no
 * array and on: as it stands if it begins with that one, else from there on. WR_UNSUPPORTED: two
 * arrays would have to give rows. */
enum wr_code wr_mapping_path_join(const struct wr_mapping_path *rows,
                                  const struct wr_mapping_path *column, const char *text,
                                  struct wr_mapping_path *out, struct wr_error *err);

/* True if the first `count` names of both are the same. */
bool wr_mapping_path_equal(const struct wr_mapping_path *a, const struct wr_mapping_path *b,
                           uint32_t count);

#endif
