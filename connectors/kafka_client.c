/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to Kafka. librdkafka connects, and connects again, in threads of its own; what they
 * have to say comes through its main queue when we poll, so that every callback here runs on the
 * caller's thread. A single failed connection is not worth a word to the user: librdkafka tries
 * again, and idle connections end all the time. Only when somebody finds that brokers really do not
 * answer is it said, once, and once more when they are back.
 */
#include "connectors/kafka.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/kafka_java.h"
#include "core/time.h"
#include "text/number.h"

#define CLIENT_ASK_MS        500                    /* one attempt to get an answer */
#define CLIENT_PATIENCE_US   (2 * WR_US_PER_SECOND) /* before the user is told that we wait */
#define CLIENT_NEW_TOPIC_US  (3 * WR_US_PER_SECOND) /* for a topic that is just being made */
#define CLIENT_BACKOFF_MS    "5"
#define CLIENT_LIMITS_MS     5000 /* to ask what a topic takes */
#define CLIENT_NUDGE_US      (5 * WR_US_PER_MS)
#define CLIENT_PREFIX        "properties."
#define CLIENT_PREFIX_LENGTH (sizeof CLIENT_PREFIX - 1)

/* ---- properties */

struct client_owned {
  const char *name;
  bool reading, writing;
  const char *why;
};

static const struct client_owned client_owned[] = {
    {"enable.auto.commit", true, false, "offsets are committed when an epoch is complete"},
    {"enable.auto.offset.store", true, false, "offsets are committed when an epoch is complete"},
    {"enable.partition.eof", true, false, "it tells when a partition is read to its end"},
    {"transactional.id", false, true,
     "it is made of the job and the sink; 'sink.transactional-id-prefix' gives it another beginning"},
    {"delivery.report.only.error", false, true, "every delivery is counted"},
    {"log.queue", true, true, "its messages come through Weir"},
};

static bool client_is_reset(rd_kafka_type_t type, const char *property)
{
  return type == RD_KAFKA_CONSUMER && strcmp(property, "auto.offset.reset") == 0;
}

static rd_kafka_conf_res_t client_set_java(rd_kafka_conf_t *conf, const struct wr_kafka_java *java,
                                           const char *name, const char *value, char *why,
                                           size_t size)
{
  if (java->kind == WR_KAFKA_JAVA_AS_IS)
    return rd_kafka_conf_set(conf, name, value, why, size);
  rd_kafka_conf_res_t result = RD_KAFKA_CONF_OK;
  bool is_set = java->kind == WR_KAFKA_JAVA_SET;
  for (int i = 0; is_set && i < 2 && java->names[i] && result == RD_KAFKA_CONF_OK; i++)
    result = rd_kafka_conf_set(conf, java->names[i], java->values[i], why, size);
  return result;
}

static enum wr_code property_check(const struct wr_table_spec *spec,
                                   const struct wr_option_value *value, bool writing,
                                   rd_kafka_conf_t *conf, struct wr_arena *arena,
                                   struct wr_error *err)
{
  const char *name = value->key + CLIENT_PREFIX_LENGTH;
  char why[512];
  for (size_t i = 0; i < sizeof client_owned / sizeof *client_owned; i++) {
    const struct client_owned *row = &client_owned[i];
    if (strcmp(row->name, name) == 0 && (writing ? row->writing : row->reading)) {
      wr_fail_at(err, WR_SEMANTIC, value->key_span,
                 "the property '%s' of table %s cannot be set: Weir sets it itself", name,
                 spec->table);
      return wr_hint(err, "%s", row->why);
    }
  }
  if (client_is_reset(writing ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, name)) {
    static const char *const resets[] = {"earliest", "latest", "none"};
    for (size_t i = 0; i < sizeof resets / sizeof *resets; i++)
      if (strcmp(value->value, resets[i]) == 0)
        return WR_OK;
    return wr_fail_at(err, WR_SEMANTIC, value->value_span,
                      "the option '%s' of table %s is '%s', but must be earliest, latest or none",
                      value->key, spec->table, value->value);
  }
  struct wr_kafka_java java = wr_kafka_java(arena, name, value->value);
  if (java.kind == WR_KAFKA_JAVA_REFUSED) {
    wr_fail_at(err, WR_UNSUPPORTED, value->key_span, "the property '%s' of table %s: %s", name,
               spec->table, java.why);
    return wr_hint(err, "%s", java.hint);
  }
  switch (client_set_java(conf, &java, name, value->value, why, sizeof why)) {
  case RD_KAFKA_CONF_OK: return WR_OK;
  case RD_KAFKA_CONF_UNKNOWN:
    wr_fail_at(err, WR_SEMANTIC, value->key_span, "librdkafka has no property '%s' (table %s)",
               name, spec->table);
    return wr_hint(err, "properties of the Java client that librdkafka lacks have to be left out");
  default:
    return wr_fail_at(err, WR_SEMANTIC, value->value_span, "the property '%s' of table %s: %s",
                      name, spec->table, why);
  }
}

enum wr_code wr_kafka_check_properties(const struct wr_table_spec *spec, bool writing,
                                       struct wr_error *err)
{
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  struct wr_arena arena = {0};
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < spec->options->value_count; i++)
    if (strncmp(spec->options->values[i].key, CLIENT_PREFIX, CLIENT_PREFIX_LENGTH) == 0)
      code = property_check(spec, &spec->options->values[i], writing, conf, &arena, err);
  wr_arena_free(&arena);
  rd_kafka_conf_destroy(conf);
  return code;
}

/* ---- callbacks, all on the caller's thread */

static void client_on_error(rd_kafka_t *rk, int error, const char *reason, void *opaque)
{
  struct wr_kafka_client *client = opaque;
  if (error == RD_KAFKA_RESP_ERR__FATAL) {
    client->is_fatal = true;
    rd_kafka_fatal_error(rk, client->reason, sizeof client->reason);
    return;
  }
  client->is_troubled = true;
  if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && client->reason[0])
    return; /* what was said of a single one tells more */
  const char *state = strstr(reason, " (after ");
  int length = state ? (int)(state - reason) : (int)strlen(reason);
  snprintf(client->reason, sizeof client->reason, "%.*s", length, reason);
}

/* Asked for with 'properties.debug'. */
static void client_on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
  struct wr_kafka_client *client = rd_kafka_opaque(rk);
  char message[1024];
  (void)level;
  snprintf(message, sizeof message, "table %s: %s: %s", client->table, facility, text);
  client->note(client->note_self, message);
}

static void client_on_log_never(const rd_kafka_t *rk, int level, const char *facility,
                                const char *text)
{
  (void)rk, (void)level, (void)facility, (void)text;
}

static void client_note_nothing(void *self, const char *message)
{
  (void)self, (void)message;
}

/* ---- opening and closing */

static bool client_set(rd_kafka_conf_t *conf, const char *name, const char *value, char *why,
                       size_t size)
{
  return rd_kafka_conf_set(conf, name, value, why, size) == RD_KAFKA_CONF_OK;
}

/* Ours first, then the user's, which were checked. */
static bool client_set_all(struct wr_kafka_client *client, const struct wr_table_spec *spec,
                           rd_kafka_type_t type, const struct wr_kafka_property *properties,
                           rd_kafka_conf_t *conf, char *why, size_t size)
{
  /* Unknown to librdkafka before 2.2: see client_nudge. */
  bool looks_again = rd_kafka_conf_set(conf, "fetch.queue.backoff.ms", CLIENT_BACKOFF_MS, why,
                                       size) == RD_KAFKA_CONF_OK;
  client->next_nudge_us = looks_again || type == RD_KAFKA_PRODUCER ? INT64_MAX : 0;
  if (!client_set(conf, "client.id", "weir", why, size) ||
      !client_set(conf, "log.queue", "true", why, size))
    return false;
  for (; properties->name; properties++)
    if (!client_set(conf, properties->name, properties->value, why, size))
      return false;
  for (uint32_t i = 0; i < spec->options->value_count; i++) {
    const struct wr_option_value *value = &spec->options->values[i];
    const char *name = value->key + CLIENT_PREFIX_LENGTH;
    if (strncmp(value->key, CLIENT_PREFIX, CLIENT_PREFIX_LENGTH) != 0 ||
        client_is_reset(type, name))
      continue;
    struct wr_kafka_java java = wr_kafka_java(&client->arena, name, value->value);
    if (client_set_java(conf, &java, name, value->value, why, size) != RD_KAFKA_CONF_OK)
      return false;
    if (java.kind == WR_KAFKA_JAVA_SET && strcmp(java.names[0], "sasl.username") == 0) {
      client->user = java.values[0];
      client->password = java.values[1];
    }
  }
  return true;
}

enum wr_code wr_kafka_client_open(struct wr_kafka_client *client, const struct wr_table_spec *spec,
                                  rd_kafka_type_t type, const struct wr_kafka_property *properties,
                                  struct wr_error *err)
{
  client->note = spec->note ? spec->note : client_note_nothing;
  client->note_self = spec->note_self;
  const char *servers = wr_options_find(spec->options, "properties.bootstrap.servers");
  client->table = wr_arena_copy(&client->arena, spec->table, strlen(spec->table));
  client->servers = wr_arena_copy(&client->arena, servers, strlen(servers));
  const char *user = wr_options_find(spec->options, "properties.sasl.username");
  const char *password = wr_options_find(spec->options, "properties.sasl.password");
  client->user = user ? user : "";
  client->password = password ? password : "";
  char why[512];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  rd_kafka_conf_set_opaque(conf, client);
  rd_kafka_conf_set_error_cb(conf, client_on_error);
  rd_kafka_conf_set_log_cb(conf, wr_options_find(spec->options, "properties.debug")
                                     ? client_on_log
                                     : client_on_log_never);
  if (client->on_delivery)
    rd_kafka_conf_set_dr_msg_cb(conf, client->on_delivery);
  if (client_set_all(client, spec, type, properties, conf, why, sizeof why))
    client->rk = rd_kafka_new(type, conf, why, sizeof why);
  if (!client->rk) {
    rd_kafka_conf_destroy(conf);
    wr_kafka_client_close(client);
    return wr_fail(err, WR_SEMANTIC, "table %s cannot use Kafka: %s", spec->table, why);
  }
  rd_kafka_set_log_queue(client->rk, NULL);
  return WR_OK;
}

void wr_kafka_client_close(struct wr_kafka_client *client)
{
  if (client->rk)
    rd_kafka_destroy_flags(client->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  client->rk = NULL;
  wr_arena_free(&client->arena);
}

/*
 * librdkafka stops fetching a partition whose queue is full and looks again when that broker's
 * thread happens to wake up, which may take a second: far too long when the queue holds a tenth of
 * a second's records, and a longer queue is memory. Newer versions have a property for it. 2.0 has
 * nothing, but setting the credentials wakes the threads; setting those that are already set (or
 * none, where none are used) changes nothing else.
 */
static void client_nudge(struct wr_kafka_client *client, bool must)
{
  int64_t now_us = wr_monotonic_us();
  if (now_us < client->next_nudge_us && !must)
    return;
  client->next_nudge_us = now_us + CLIENT_NUDGE_US;
  rd_kafka_error_t *error =
      rd_kafka_sasl_set_credentials(client->rk, client->user, client->password);
  assert(!error);
  if (error)
    rd_kafka_error_destroy(error);
}

/* A property of librdkafka that is a number. */
static uint64_t client_number(const struct wr_kafka_client *client, const char *name)
{
  char text[32] = "";
  size_t size = sizeof text;
  rd_kafka_conf_get(rd_kafka_conf(client->rk), name, text, &size);
  return strtoull(text, NULL, 10);
}

/* A partition that was stopped had a full queue, and all of it has been taken since the queues were
 * last empty. While less than that comes, which is so wherever reading keeps up, waking two threads
 * for every few records would cost more than the records. */
void wr_kafka_client_taken(struct wr_kafka_client *client, uint32_t records, size_t bytes)
{
  if (client->next_nudge_us == INT64_MAX)
    return;
  if (!client->full_records) { /* half: what librdkafka counts is not exactly what we do */
    client->full_records = client_number(client, "queued.min.messages") / 2 + 1;
    client->full_bytes = client_number(client, "queued.max.messages.kbytes") * 1024 / 2 + 1;
  }
  client->taken_records += records;
  client->taken_bytes += bytes;
  if (client->taken_records >= client->full_records || client->taken_bytes >= client->full_bytes)
    client_nudge(client, records == 0);
  if (records == 0)
    client->taken_records = client->taken_bytes = 0;
}

/* ---- talking */

void wr_kafka_client_away(struct wr_kafka_client *client, const char *effect)
{
  char message[700];
  if (client->is_away)
    return;
  client->is_away = true;
  snprintf(message, sizeof message, "table %s: no answer from Kafka at %s%s%s%s; %s", client->table,
           client->servers, client->reason[0] ? " (" : "", client->reason,
           client->reason[0] ? ")" : "", effect);
  client->note(client->note_self, message);
}

void wr_kafka_client_back(struct wr_kafka_client *client)
{
  char message[400];
  if (!client->is_away)
    return;
  client->is_away = false;
  client->reason[0] = '\0';
  snprintf(message, sizeof message, "table %s: Kafka at %s answers again", client->table,
           client->servers);
  client->note(client->note_self, message);
}

enum wr_code wr_kafka_client_fail_fatal(struct wr_kafka_client *client, struct wr_error *err)
{
  assert(client->is_fatal);
  return wr_fail(err, WR_CONNECTION, "table %s: Kafka at %s: %s", client->table, client->servers,
                 client->reason);
}

static enum wr_code client_fail_unreachable(const struct wr_kafka_client *client, int64_t waited_us,
                                            struct wr_error *err)
{
  const char *reason = client->reason;
  wr_fail(err, WR_CONNECTION,
          "table %s: no Kafka broker at %s answered within %" PRId64 " ms%s%s%s", client->table,
          client->servers, waited_us / WR_US_PER_MS, *reason ? " (" : "", reason,
          *reason ? ")" : "");
  err->retry = true;
  return wr_hint(err, "is the broker running, and does 'properties.bootstrap.servers' name it?");
}

/* What became of one attempt; *again: worth another. */
static enum wr_code client_ask_partitions(struct wr_kafka_client *client, rd_kafka_topic_t *topic,
                                          bool is_new, uint32_t *partition_count, bool *again,
                                          struct wr_error *err)
{
  const struct rd_kafka_metadata *metadata = NULL;
  const char *name = rd_kafka_topic_name(topic);
  rd_kafka_resp_err_t error = rd_kafka_metadata(client->rk, 0, topic, &metadata, CLIENT_ASK_MS);
  rd_kafka_poll(client->rk, 0);
  *again = error != RD_KAFKA_RESP_ERR_NO_ERROR;
  if (*again)
    return client->is_fatal ? wr_kafka_client_fail_fatal(client, err) : WR_OK;
  error = metadata->topic_cnt == 1 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN;
  *partition_count = metadata->topic_cnt == 1 ? (uint32_t)metadata->topics[0].partition_cnt : 0;
  rd_kafka_metadata_destroy(metadata);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR && *partition_count > 0)
    return WR_OK;
  if (error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
    return wr_fail(err, WR_CONNECTION, "table %s is not allowed to use the topic '%s' at %s",
                   client->table, name, client->servers);
  *again = is_new;
  if (*again)
    return WR_OK;
  if (error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
    return wr_fail(err, WR_CONNECTION, "the topic '%s' of table %s does not exist at %s", name,
                   client->table, client->servers);
  return wr_fail(err, WR_CONNECTION, "the topic '%s' of table %s cannot be used: %s", name,
                 client->table, rd_kafka_err2str(error));
}

enum wr_code wr_kafka_client_partitions(struct wr_kafka_client *client, const char *topic_name,
                                        int64_t deadline_us, uint32_t *partition_count,
                                        struct wr_error *err)
{
  int64_t began_us = wr_monotonic_us(), now_us = began_us;
  rd_kafka_topic_t *topic = rd_kafka_topic_new(client->rk, topic_name, NULL);
  if (!topic)
    return wr_fail(err, WR_SEMANTIC, "table %s: '%s' cannot be a topic: %s", client->table,
                   topic_name, rd_kafka_err2str(rd_kafka_last_error()));
  enum wr_code code = WR_OK;
  for (bool again = true; again && code == WR_OK;) {
    bool is_new = now_us - began_us < CLIENT_NEW_TOPIC_US && now_us < deadline_us;
    *partition_count = 0;
    int64_t asked_us = now_us;
    code = client_ask_partitions(client, topic, is_new, partition_count, &again, err);
    now_us = wr_monotonic_us();
    if (!again || code != WR_OK)
      break;
    if (now_us >= deadline_us)
      code = client_fail_unreachable(client, now_us - began_us, err);
    else if (now_us - began_us > CLIENT_PATIENCE_US && client->reason[0])
      wr_kafka_client_away(client, "waiting for it");
    if (now_us - asked_us < WR_US_PER_SECOND / 10)
      rd_kafka_poll(client->rk, 100); /* an answer that came at once will not change at once */
  }
  rd_kafka_topic_destroy(topic);
  if (code == WR_OK)
    wr_kafka_client_back(client);
  return code;
}

/* ---- what a topic takes */

/* What a batch of one record has on top of key and value: head, lengths, attributes. */
#define CLIENT_RECORD_OVERHEAD 128

static void client_read_limits(const rd_kafka_ConfigResource_t *topic,
                               struct wr_kafka_limits *limits)
{
  size_t count = 0;
  const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(topic, &count);
  for (size_t i = 0; i < count; i++) {
    const char *name = rd_kafka_ConfigEntry_name(entries[i]);
    const char *value = rd_kafka_ConfigEntry_value(entries[i]);
    int64_t bytes;
    if (value && strcmp(name, "cleanup.policy") == 0)
      limits->needs_keys = strstr(value, "compact") != NULL;
    if (value && strcmp(name, "max.message.bytes") == 0 &&
        wr_parse_i64(value, strlen(value), &bytes) && bytes > CLIENT_RECORD_OVERHEAD)
      limits->record_bytes = (uint64_t)bytes - CLIENT_RECORD_OVERHEAD;
  }
}

/* Who may not ask, or gets no answer in time, finds out when the broker refuses a record. */
void wr_kafka_client_limits(struct wr_kafka_client *client, const char *topic,
                            struct wr_kafka_limits *limits)
{
  *limits = (struct wr_kafka_limits){.record_bytes = UINT64_MAX};
  char why[64];
  rd_kafka_queue_t *queue = rd_kafka_queue_new(client->rk);
  rd_kafka_AdminOptions_t *options =
      rd_kafka_AdminOptions_new(client->rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
  rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
  rd_kafka_AdminOptions_set_request_timeout(options, CLIENT_LIMITS_MS, why, sizeof why);
  rd_kafka_DescribeConfigs(client->rk, &resource, 1, options, queue);
  rd_kafka_event_t *event = rd_kafka_queue_poll(queue, CLIENT_LIMITS_MS);
  const rd_kafka_DescribeConfigs_result_t *result =
      event && !rd_kafka_event_error(event) ? rd_kafka_event_DescribeConfigs_result(event) : NULL;
  size_t count = 0;
  const rd_kafka_ConfigResource_t **topics =
      result ? rd_kafka_DescribeConfigs_result_resources(result, &count) : NULL;
  if (count == 1 && !rd_kafka_ConfigResource_error(topics[0]))
    client_read_limits(topics[0], limits);
  if (event)
    rd_kafka_event_destroy(event);
  rd_kafka_ConfigResource_destroy(resource);
  rd_kafka_AdminOptions_destroy(options);
  rd_kafka_queue_destroy(queue);
}
