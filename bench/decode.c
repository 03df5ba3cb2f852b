/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long decoding takes beside what simdjson itself needs for the same bytes and fields.
 *
 *   bench/decode FILE [ROUNDS [LINE]]      FILE: bids as NDJSON, as bench/README.md says; LINE:
 * only these lines
 *
 * Prints the best of some rounds in nanoseconds a record. The file is decoded from memory in chunks
 * of 256 KiB, as a file source would; `frame` is the search for line ends alone, which the decoding
 * lines contain as well.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/decode_simdjson.h"
#include "core/arena.h"
#include "core/time.h"
#include "formats/format.h"

#define CHUNK_BYTES (256u * 1024u)
#define FRAMES_MAX  4096u

static const struct wr_field bid_fields[] = {
    {"auction", &wr_type_bigint}, {"bidder", &wr_type_bigint}, {"price", &wr_type_bigint},
    {"channel", &wr_type_string}, {"url", &wr_type_string},    {"dateTime", &wr_type_timestamp3},
    {"extra", &wr_type_string},
};
static const struct wr_schema bid_schema = {7, bid_fields};

struct bench_input {
  char *bytes;
  size_t length;
};

static struct bench_input input_read(const char *path)
{
  int file = open(path, O_RDONLY);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0) {
    perror(path);
    exit(EXIT_FAILURE);
  }
  struct bench_input input = {.length = (size_t)status.st_size};
  input.bytes = wr_memory_get_zero(input.length + WR_PADDING);
  for (size_t at = 0; at < input.length;) {
    ssize_t more = read(file, input.bytes + at, input.length - at);
    if (more <= 0) {
      perror(path);
      exit(EXIT_FAILURE);
    }
    at += (size_t)more;
  }
  close(file);
  return input;
}

enum bench_mode { ONLY_FRAME, LINES, MESSAGES };

/* Every second record first, then the others: none lies behind the one before, as with messages. */
static void frames_scatter(struct wr_frame *frames, uint32_t count)
{
  static struct wr_frame copy[FRAMES_MAX];
  memcpy(copy, frames, sizeof *frames * count);
  for (uint32_t i = 0, from = 0; i < count; i++, from += 2) {
    if (from >= count)
      from = 1;
    frames[i] = copy[from];
  }
}

/* Records decoded, of which none may be bad. */
static uint64_t decode_all(struct wr_decoder *decoder, const struct bench_input *input,
                           enum bench_mode mode)
{
  static struct wr_frame frames[FRAMES_MAX];
  uint64_t records = 0;
  for (size_t at = 0; at < input->length;) {
    size_t length = input->length - at < CHUNK_BYTES ? input->length - at : CHUNK_BYTES;
    size_t consumed;
    bool at_end = at + length == input->length;
    uint32_t count = decoder->format->frame(decoder, input->bytes + at, length, at == 0, at_end,
                                            frames, FRAMES_MAX, &consumed);
    assert(consumed > 0);
    at += consumed;
    records += count;
    if (mode == ONLY_FRAME)
      continue;
    if (mode == MESSAGES)
      frames_scatter(frames, count);
    struct wr_decoded decoded;
    decoder->format->decode(decoder, frames, count, &decoded);
    if (decoded.fault_count != 0) {
      fprintf(stderr, "decode: %s\n", decoded.faults[0].message);
      exit(EXIT_FAILURE);
    }
  }
  return records;
}

static void line_print(const char *name, const struct bench_input *input, uint64_t records,
                       int64_t best_us)
{
  printf("%-28s %8.1f ns/record %8.2f M records/s %8.2f GB/s\n", name,
         (double)best_us * 1e3 / (double)records, (double)records / (double)best_us,
         (double)input->length / (double)best_us / 1e3);
}

static void bench_weir(const char *name, const struct bench_input *input, int rounds,
                       const uint32_t *wanted, uint32_t wanted_count, enum bench_mode mode)
{
  struct wr_options options = {0};
  struct wr_format_spec spec = {.schema = &bid_schema,
                                .wanted = wanted,
                                .wanted_count = wanted_count,
                                .options = &options,
                                .time_zone = "UTC"};
  struct wr_error err;
  struct wr_decoder *decoder;
  bool is_mapped = strncmp(name, "kinesis-json", strlen("kinesis-json")) == 0;
  const struct wr_format *format = wr_format_find(is_mapped ? "kinesis-json" : "json");
  if (format->check(&spec, true, &err) != WR_OK ||
      format->decoder_new(&spec, &decoder, &err) != WR_OK) {
    fprintf(stderr, "decode: %s\n", err.message);
    exit(EXIT_FAILURE);
  }
  int64_t best_us = INT64_MAX;
  uint64_t records = 0;
  for (int i = 0; i < rounds; i++) {
    int64_t begin_us = wr_monotonic_us();
    records = decode_all(decoder, input, mode);
    int64_t us = wr_monotonic_us() - begin_us;
    best_us = us < best_us ? us : best_us;
  }
  format->decoder_free(decoder);
  line_print(name, input, records, best_us);
}

static void bench_simdjson(const char *name, const struct bench_input *input, int rounds,
                           int fields)
{
  int64_t best_us = INT64_MAX;
  uint64_t records = 0;
  for (int i = 0; i < rounds; i++) {
    int64_t begin_us = wr_monotonic_us();
    records = wr_bench_iterate_many(input->bytes, input->length, fields);
    int64_t us = wr_monotonic_us() - begin_us;
    best_us = us < best_us ? us : best_us;
  }
  line_print(name, input, records, best_us);
}

int main(int argc, char **argv)
{
  if (argc < 2) {
    fprintf(stderr, "usage: decode FILE [ROUNDS [LINE]]\n");
    return EXIT_FAILURE;
  }
  struct bench_input input = input_read(argv[1]);
  int rounds = argc > 2 ? atoi(argv[2]) : 5;
  const char *only = argc > 3 ? argv[3] : "";
  static const uint32_t three[] = {0, 2, 5}, seven[] = {0, 1, 2, 3, 4, 5, 6};
  if (strstr("frame", only))
    bench_weir("frame", &input, rounds, three, 3, ONLY_FRAME);
  if (strstr("json, no column", only))
    bench_weir("json, no column", &input, rounds, three, 0, LINES);
  if (strstr("json, 3 of 7 columns", only))
    bench_weir("json, 3 of 7 columns", &input, rounds, three, 3, LINES);
  if (strstr("kinesis-json, 3 of 7 columns", only))
    bench_weir("kinesis-json, 3 of 7 columns", &input, rounds, three, 3, LINES);
  if (strstr("json, 3 of 7, as messages", only))
    bench_weir("json, 3 of 7, as messages", &input, rounds, three, 3, MESSAGES);
  if (strstr("iterate_many, 3 fields", only))
    bench_simdjson("iterate_many, 3 fields", &input, rounds, 3);
  if (strstr("json, 7 of 7 columns", only))
    bench_weir("json, 7 of 7 columns", &input, rounds, seven, 7, LINES);
  if (strstr("kinesis-json, 7 of 7 columns", only))
    bench_weir("kinesis-json, 7 of 7 columns", &input, rounds, seven, 7, LINES);
  if (strstr("iterate_many, 7 fields", only))
    bench_simdjson("iterate_many, 7 fields", &input, rounds, 7);
  free(input.bytes);
  return EXIT_SUCCESS;
}
