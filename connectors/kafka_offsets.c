/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From startup and bounded modes to offsets. They are looked up once, when the splits are
 * discovered, and from then on are plain numbers that travel in the positions: a job that starts
 * again means the same records.
 */
#include "connectors/kafka.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/time.h"
#include "text/number.h"

#define OFFSETS_ASK_MS   5000
#define OFFSETS_EARLIEST (-2) /* the protocol's own words for a time */
#define OFFSETS_LATEST   (-1)

/* ---- positions */

void wr_kafka_print_position(int64_t next, int64_t stop, char *text, size_t size)
{
  int length = stop == WR_KAFKA_NO_STOP ? snprintf(text, size, "%" PRId64, next)
                                        : snprintf(text, size, "%" PRId64 "..%" PRId64, next, stop);
  assert(length > 0 && (size_t)length < size);
  (void)length;
}

bool wr_kafka_parse_position(const char *text, int64_t *next, int64_t *stop)
{
  const char *dots = strstr(text, "..");
  *stop = WR_KAFKA_NO_STOP;
  if (!dots)
    return wr_parse_i64(text, strlen(text), next) && *next >= 0;
  return wr_parse_i64(text, (size_t)(dots - text), next) &&
         wr_parse_i64(dots + 2, strlen(dots + 2), stop) && *next >= 0 && *stop >= 0;
}

/* ---- questions to the brokers */

static rd_kafka_topic_partition_list_t *offsets_list(const struct wr_kafka_partition *partitions,
                                                     uint32_t partition_count, int64_t offset)
{
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)partition_count);
  for (uint32_t i = 0; i < partition_count; i++)
    rd_kafka_topic_partition_list_add(list, partitions[i].topic, partitions[i].partition)->offset =
        offset;
  return list;
}

/* Answers in the order of the partitions; librdkafka may have sorted the list. */
static rd_kafka_resp_err_t offsets_read(rd_kafka_topic_partition_list_t *list,
                                        const struct wr_kafka_partition *partitions,
                                        uint32_t partition_count, int64_t *offsets)
{
  for (uint32_t i = 0; i < partition_count; i++) {
    const rd_kafka_topic_partition_t *found =
        rd_kafka_topic_partition_list_find(list, partitions[i].topic, partitions[i].partition);
    if (!found)
      return RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    if (found->err != RD_KAFKA_RESP_ERR_NO_ERROR)
      return found->err;
    offsets[i] = found->offset;
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* time_ms of a record, OFFSETS_EARLIEST or OFFSETS_LATEST. */
static rd_kafka_resp_err_t offsets_ask(struct wr_kafka_client *client,
                                       const struct wr_kafka_partition *partitions,
                                       uint32_t partition_count, int64_t time_ms, int wait_ms,
                                       int64_t *offsets)
{
  rd_kafka_topic_partition_list_t *list = offsets_list(partitions, partition_count, time_ms);
  rd_kafka_resp_err_t error = rd_kafka_offsets_for_times(client->rk, list, wait_ms);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
    error = offsets_read(list, partitions, partition_count, offsets);
  rd_kafka_topic_partition_list_destroy(list);
  return error;
}

bool wr_kafka_ask_ends(struct wr_kafka_client *client, const struct wr_kafka_partition *partitions,
                       uint32_t partition_count, int wait_ms, int64_t *ends)
{
  return offsets_ask(client, partitions, partition_count, OFFSETS_LATEST, wait_ms, ends) ==
         RD_KAFKA_RESP_ERR_NO_ERROR;
}

bool wr_kafka_ask_firsts(struct wr_kafka_client *client,
                         const struct wr_kafka_partition *partitions, uint32_t partition_count,
                         int wait_ms, int64_t *firsts)
{
  return offsets_ask(client, partitions, partition_count, OFFSETS_EARLIEST, wait_ms, firsts) ==
         RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* ---- modes */

struct offsets_request {
  struct wr_kafka_client *client;
  const struct wr_table_spec *spec;
  const struct wr_kafka_partition *partitions;
  uint32_t partition_count;
  int64_t deadline_us;
};

static enum wr_code offsets_fail(const struct offsets_request *request, rd_kafka_resp_err_t error,
                                 const char *what, struct wr_error *err)
{
  wr_fail(err, WR_CONNECTION, "table %s: Kafka at %s did not tell %s: %s", request->client->table,
          request->client->servers, what, rd_kafka_err2str(error));
  err->retry = true;
  return err->code;
}

static enum wr_code offsets_at_time(const struct offsets_request *request, int64_t time_ms,
                                    int64_t *offsets, struct wr_error *err)
{
  for (;;) {
    rd_kafka_resp_err_t error =
        offsets_ask(request->client, request->partitions, request->partition_count, time_ms,
                    OFFSETS_ASK_MS, offsets);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
      return WR_OK;
    if (wr_monotonic_us() >= request->deadline_us ||
        error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
      return offsets_fail(request, error, "the offsets of its partitions", err);
    rd_kafka_poll(request->client->rk, 100); /* a leader is being elected, a connection made */
  }
}

static enum wr_code offsets_of_group(const struct offsets_request *request, int64_t *offsets,
                                     struct wr_error *err)
{
  for (;;) {
    rd_kafka_topic_partition_list_t *list =
        offsets_list(request->partitions, request->partition_count, RD_KAFKA_OFFSET_INVALID);
    rd_kafka_resp_err_t error = rd_kafka_committed(request->client->rk, list, OFFSETS_ASK_MS);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
      error = offsets_read(list, request->partitions, request->partition_count, offsets);
    rd_kafka_topic_partition_list_destroy(list);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
      return WR_OK;
    if (wr_monotonic_us() >= request->deadline_us ||
        error == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
      return offsets_fail(request, error, "the offsets of its consumer group", err);
    rd_kafka_poll(request->client->rk, 100);
  }
}

/* The given ones; others WR_KAFKA_UNKNOWN. */
static enum wr_code offsets_given(const struct offsets_request *request, const char *option,
                                  int64_t *offsets, struct wr_error *err)
{
  struct wr_kafka_offset *given;
  uint32_t given_count;
  enum wr_code code = wr_kafka_parse_offsets(request->spec, option, &request->client->arena, &given,
                                             &given_count, err);
  for (uint32_t g = 0; code == WR_OK && g < given_count; g++) {
    bool exists = false;
    for (uint32_t i = 0; i < request->partition_count; i++)
      exists = exists || request->partitions[i].partition == given[g].partition;
    if (!exists)
      return wr_fail(err, WR_SEMANTIC,
                     "table %s: '%s' names partition %d, which no topic of the table has",
                     request->client->table, option, (int)given[g].partition);
  }
  for (uint32_t i = 0; code == WR_OK && i < request->partition_count; i++) {
    offsets[i] = WR_KAFKA_UNKNOWN;
    for (uint32_t g = 0; g < given_count; g++)
      if (given[g].partition == request->partitions[i].partition)
        offsets[i] = given[g].offset;
  }
  return code;
}

/* Fills what is still unknown with what a time means. */
static enum wr_code offsets_fill(const struct offsets_request *request, int64_t time_ms,
                                 int64_t *offsets, struct wr_error *err)
{
  bool missing = false;
  for (uint32_t i = 0; i < request->partition_count; i++)
    missing = missing || offsets[i] < 0;
  if (!missing)
    return WR_OK;
  int64_t *filler = WR_NEW_ARRAY(&request->client->arena, int64_t, request->partition_count);
  enum wr_code code = offsets_at_time(request, time_ms, filler, err);
  for (uint32_t i = 0; code == WR_OK && i < request->partition_count; i++)
    offsets[i] = offsets[i] < 0 ? filler[i] : offsets[i];
  return code;
}

static enum wr_code offsets_fail_group(const struct offsets_request *request,
                                       const int64_t *offsets, struct wr_error *err)
{
  uint32_t i = 0;
  while (offsets[i] >= 0)
    i++;
  wr_fail(err, WR_SEMANTIC,
          "table %s: the consumer group '%s' has no offset for partition %d of the topic '%s'",
          request->client->table, wr_options_find(request->spec->options, "properties.group.id"),
          (int)request->partitions[i].partition, request->partitions[i].topic);
  return wr_hint(err, "say where to begin then: 'properties.auto.offset.reset' = 'earliest' or "
                      "'latest', or 'scan.startup.mode' = 'earliest-offset'");
}

static enum wr_code offsets_of_group_or_reset(const struct offsets_request *request,
                                              int64_t *offsets, struct wr_error *err)
{
  const char *reset = wr_kafka_reset(request->spec);
  bool has_group = wr_options_find(request->spec->options, "properties.group.id") != NULL;
  enum wr_code code = has_group ? offsets_of_group(request, offsets, err) : WR_OK;
  bool missing = false;
  for (uint32_t i = 0; !has_group && i < request->partition_count; i++)
    offsets[i] = WR_KAFKA_UNKNOWN;
  for (uint32_t i = 0; code == WR_OK && i < request->partition_count; i++)
    missing = missing || offsets[i] < 0;
  if (!missing)
    return code;
  if (!reset)
    return offsets_fail_group(request, offsets, err);
  return offsets_fill(request, strcmp(reset, "earliest") == 0 ? OFFSETS_EARLIEST : OFFSETS_LATEST,
                      offsets, err);
}

static int64_t offsets_millis(const struct offsets_request *request, const char *option)
{
  return wr_options_integer(request->spec->options, wr_kafka_options, option);
}

static enum wr_code offsets_start(const struct offsets_request *request, int64_t *offsets,
                                  struct wr_error *err)
{
  const char *mode = wr_kafka_text(request->spec, "scan.startup.mode");
  enum wr_code code;
  if (strcmp(mode, "earliest-offset") == 0)
    return offsets_at_time(request, OFFSETS_EARLIEST, offsets, err);
  if (strcmp(mode, "latest-offset") == 0)
    return offsets_at_time(request, OFFSETS_LATEST, offsets, err);
  if (strcmp(mode, "group-offsets") == 0)
    return offsets_of_group_or_reset(request, offsets, err);
  if (strcmp(mode, "timestamp") == 0) {
    code = offsets_at_time(request, offsets_millis(request, "scan.startup.timestamp-millis"),
                           offsets, err);
    return code == WR_OK ? offsets_fill(request, OFFSETS_LATEST, offsets, err) : code;
  }
  assert(strcmp(mode, "specific-offsets") == 0);
  code = offsets_given(request, "scan.startup.specific-offsets", offsets, err);
  return code == WR_OK ? offsets_fill(request, OFFSETS_EARLIEST, offsets, err) : code;
}

static enum wr_code offsets_stop(const struct offsets_request *request, int64_t *offsets,
                                 struct wr_error *err)
{
  const char *mode = wr_kafka_text(request->spec, "scan.bounded.mode");
  enum wr_code code = WR_OK;
  if (strcmp(mode, "unbounded") == 0) {
    for (uint32_t i = 0; i < request->partition_count; i++)
      offsets[i] = WR_KAFKA_NO_STOP;
    return WR_OK;
  }
  if (strcmp(mode, "latest-offset") == 0)
    return offsets_at_time(request, OFFSETS_LATEST, offsets, err);
  if (strcmp(mode, "group-offsets") == 0)
    return offsets_of_group_or_reset(request, offsets, err);
  if (strcmp(mode, "timestamp") == 0) {
    code = offsets_at_time(request, offsets_millis(request, "scan.bounded.timestamp-millis"),
                           offsets, err);
    return code == WR_OK ? offsets_fill(request, OFFSETS_LATEST, offsets, err) : code;
  }
  assert(strcmp(mode, "specific-offsets") == 0);
  code = offsets_given(request, "scan.bounded.specific-offsets", offsets, err);
  for (uint32_t i = 0; code == WR_OK && i < request->partition_count; i++)
    offsets[i] = offsets[i] < 0 ? 0 : offsets[i]; /* not named: nothing is read */
  return code;
}

enum wr_code wr_kafka_resolve(struct wr_kafka_client *client, const struct wr_table_spec *spec,
                              struct wr_kafka_partition *partitions, uint32_t partition_count,
                              int64_t deadline_us, struct wr_error *err)
{
  struct offsets_request request = {client, spec, partitions, partition_count, deadline_us};
  int64_t *starts = WR_NEW_ARRAY(&client->arena, int64_t, partition_count);
  int64_t *stops = WR_NEW_ARRAY(&client->arena, int64_t, partition_count);
  bool bounded = strcmp(wr_kafka_text(spec, "scan.bounded.mode"), "unbounded") != 0;
  bool needs_starts = false, needs_stops = false;
  for (uint32_t i = 0; i < partition_count; i++) {
    if (!bounded) /* it may have been when the position was kept */
      partitions[i].stop = WR_KAFKA_NO_STOP;
    needs_starts = needs_starts || partitions[i].next < 0;
    needs_stops = needs_stops || (bounded && partitions[i].stop == WR_KAFKA_NO_STOP);
  }
  enum wr_code code = needs_starts ? offsets_start(&request, starts, err) : WR_OK;
  if (code == WR_OK && needs_stops)
    code = offsets_stop(&request, stops, err);
  for (uint32_t i = 0; code == WR_OK && i < partition_count; i++) {
    if (partitions[i].next < 0)
      partitions[i].next = starts[i];
    if (needs_stops && partitions[i].stop == WR_KAFKA_NO_STOP)
      partitions[i].stop = stops[i];
  }
  return code;
}

enum wr_code wr_kafka_resolve_first(struct wr_kafka_client *client,
                                    const struct wr_table_spec *spec,
                                    struct wr_kafka_partition *partitions, uint32_t partition_count,
                                    int64_t deadline_us, struct wr_error *err)
{
  struct offsets_request request = {client, spec, partitions, partition_count, deadline_us};
  int64_t *firsts = WR_NEW_ARRAY(&client->arena, int64_t, partition_count);
  enum wr_code code = offsets_at_time(&request, OFFSETS_EARLIEST, firsts, err);
  for (uint32_t i = 0; code == WR_OK && i < partition_count; i++)
    if (partitions[i].next < 0)
      partitions[i].next = firsts[i];
  return code;
}
