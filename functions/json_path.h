/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL/JSON paths, compiled once and run over scanned JSON (text/json_scan.h). The language is what
 * Flink takes without filters and functions:
 *
 *   [lax | strict]  $  .key  ."key"  .*  ['key']  [2]  [-1]  [*]  [1:3]  [:2]  [-2:]  ..key  ..*
 * ..[0]
 *
 * Without a word in front a path is strict, as in Flink. A path is definite if it can only name one
 * value (keys and numbers); any other gives a list, which may be empty. A definite path that leads
 * nowhere is an error if strict, and empty if lax; keys are looked up in objects only, numbers in
 * arrays only.
 */
#ifndef WEIR_FUNCTIONS_JSON_PATH_H
#define WEIR_FUNCTIONS_JSON_PATH_H

#include "core/arena.h"
#include "core/error.h"
#include "text/json_scan.h"

struct wr_json_path;

/* Fails with WR_DATA, naming the place in the path; *at is that byte, or the
 * length if the path ends too early. */
enum wr_code wr_json_path_new(struct wr_arena *arena, const char *bytes, size_t length,
                              const struct wr_json_path **out, uint32_t *at, struct wr_error *err);
bool wr_json_path_is_strict(const struct wr_json_path *path);
bool wr_json_path_is_definite(const struct wr_json_path *path);

/* Zero-initialised is valid; memory is kept from one search to the next. */
struct wr_json_matches {
  uint32_t *nodes; /* in the order of the text */
  uint32_t count;
  uint32_t capacity, spare_capacity;
  uint32_t *spare; /* inside: what the next step finds */
};
void wr_json_matches_free(struct wr_json_matches *matches);

enum wr_json_search {
  WR_JSON_FOUND,   /* a definite path: one node; else any number */
  WR_JSON_MISSING, /* a definite path, or the definite part of a path, leads nowhere */
  WR_JSON_TOO_MANY /* more than WR_JSON_ITEMS_MAX nodes, or WR_JSON_VISITS_MAX looked at */
};
/* The tape holds a scanned text. */
enum wr_json_search wr_json_path_find(const struct wr_json_path *path,
                                      const struct wr_json_tape *tape,
                                      struct wr_json_matches *matches);

#endif
