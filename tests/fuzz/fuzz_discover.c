/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples of anything. The first byte chooses files or messages, and a format. What is printed must
 * be SQL that the parser takes, and JSON.
 */
#include <stdlib.h>
#include <string.h>

#include "discover/discover.h"
#include "parser/parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
  if (!holds)
    abort();
}

static void print(const struct wr_discovery *found, struct wr_arena *arena, bool has_record_time)
{
  static const char *const options[] = {"connector", "x", NULL}, *const secrets[] = {"key", NULL};
  const struct wr_discovered_table table = {.name = "t",
                                            .options = options,
                                            .secrets = secrets,
                                            .source = "here",
                                            .record_time = has_record_time ? "time" : NULL};
  struct wr_buffer sql = {0}, schema = {0};
  struct wr_script *script;
  struct wr_error err;
  enum wr_json_kind kind;
  wr_discover_put_table(found, &table, &sql);
  enum wr_code code = wr_parse(sql.bytes, sql.length, arena, &script, &err);
  demand(code == WR_OK || code == WR_LIMIT);
  wr_discover_put_schema(found, arena, &schema);
  demand(wr_json_check(schema.bytes, schema.length, &kind));
  wr_buffer_free(&sql);
  wr_buffer_free(&schema);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char *const formats[] = {NULL, NULL, NULL, "json", "csv", "csv", "raw", NULL};
  struct wr_sample_piece pieces[256];
  struct wr_arena arena = {0};
  struct wr_discovery found;
  struct wr_error err;
  if (size == 0)
    return 0;
  unsigned choice = data[0];
  const char *at = (const char *)data + 1, *end = (const char *)data + size;
  struct wr_sample sample = {.pieces = pieces,
                             .is_messages = choice & 1,
                             .is_named_csv = choice & 2,
                             .header = (int)(choice >> 2) % 3 - 1,
                             .format = formats[choice >> 4 & 7],
                             .records_max = 1000};
  /* pieces end with a byte of zeros */
  while (at < end && sample.piece_count < 256) {
    const char *stop = memchr(at, '\0', (size_t)(end - at));
    stop = stop ? stop : end;
    pieces[sample.piece_count] = (struct wr_sample_piece){
        at, (size_t)(stop - at), sample.piece_count / (sample.is_messages ? 8 : 1),
        sample.is_messages || (choice & 128), NULL};
    sample.piece_count++;
    at = stop + 1;
  }
  if (wr_discover(&sample, &arena, &found, &err) == WR_OK)
    print(&found, &arena, choice & 64);
  else
    demand(err.message[0] != '\0');
  wr_arena_free(&arena);
  return 0;
}
