/* SPDX-License-Identifier: Apache-2.0 */
/* What writers over a put queue (Kinesis, Firehose) share: options, epochs, the end. */
#ifndef WEIR_CONNECTORS_PUT_WRITER_H
#define WEIR_CONNECTORS_PUT_WRITER_H

#include "connectors/connector.h"
#include "connectors/put_queue.h"
#include "text/buffer.h"

/* Rows for an option table; size: the most bytes of one request, as text. */
#define WR_PUT_OPTIONS(size)                                                                       \
  {.name = "sink.batch.max-size",                                                                  \
   .kind = WR_OPTION_INTEGER,                                                                      \
   .fallback = "500",                                                                              \
   .help = "Writing: records of one request at most."},                                            \
      {.name = "sink.requests.max-inflight",                                                       \
       .kind = WR_OPTION_INTEGER,                                                                  \
       .fallback = "16",                                                                           \
       .help = "Writing: requests under way at a time, per writer."},                              \
      {.name = "sink.requests.max-buffered",                                                       \
       .kind = WR_OPTION_INTEGER,                                                                  \
       .fallback = "10000",                                                                        \
       .help = "Writing: records that wait to be taken, per writer; above it, writing waits."},    \
      {.name = "sink.flush-buffer.size",                                                           \
       .kind = WR_OPTION_BYTES,                                                                    \
       .fallback = size,                                                                           \
       .help = "Writing: bytes that are sent without waiting for more; one request at most."},     \
      {.name = "sink.flush-buffer.timeout",                                                        \
       .kind = WR_OPTION_DURATION,                                                                 \
       .fallback = "5000 ms",                                                                      \
       .help = "Writing: how long records wait for others to fill a request while some are under " \
               "way; without, they leave at once."},                                               \
  {                                                                                                \
    .name = "sink.fail-on-error", .kind = WR_OPTION_BOOL, .fallback = "false",                     \
    .help = "Writing: a record that is refused for another reason than its rate ends the job; "    \
            "else it is tried again."                                                              \
  }

/* Head of a writer of such a service. */
struct wr_put_writer {
  struct wr_writer writer;
  struct wr_arena arena;
  const char *table;
  const _Atomic bool *aborting;
  struct wr_aws *aws;
  struct wr_put_queue *queue;
  struct wr_buffer json; /* of the record being added */
};

/* Refuses values that the service would; bytes_max: of one request. */
enum wr_code wr_put_writer_check(const struct wr_table_spec *spec, const struct wr_option *options,
                                 int64_t bytes_max, struct wr_error *err);
/* The client is given, also if it fails; head: as in wr_put_settings, lent for good. */
void wr_put_writer_open(struct wr_put_writer *self, const struct wr_table_spec *spec,
                        const struct wr_option *options, const struct wr_put_protocol *protocol,
                        struct wr_aws *aws, const char *head);
/* Adds the record in self->json, waiting while there is no room. */
enum wr_code wr_put_writer_add(struct wr_put_writer *self, uint32_t bytes, bool has_key,
                               uint64_t key, struct wr_error *err);

/* For the class of a writer. */
enum wr_code wr_put_writer_barrier(struct wr_writer *writer, uint64_t epoch, struct wr_error *err);
void wr_put_writer_hurry(struct wr_writer *writer);
enum wr_code wr_put_writer_settled(struct wr_writer *writer, uint64_t epoch, bool *settled,
                                   struct wr_error *err);
enum wr_code wr_put_writer_tick(struct wr_writer *writer, int64_t now_us, struct wr_error *err);
enum wr_code wr_put_writer_finish(struct wr_writer *writer, struct wr_error *err);
/* All but the writer's own memory. */
void wr_put_writer_release(struct wr_put_writer *self);

#endif
