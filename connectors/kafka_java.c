/* SPDX-License-Identifier: Apache-2.0 */
#include "connectors/kafka_java.h"

#include <stdbool.h>
#include <string.h>

#define IAM_HINT                                                                                 \
  "MSK also takes SASL/SCRAM ('properties.sasl.mechanism' = 'SCRAM-SHA-512', sasl.username and " \
  "sasl.password) and client certificates"
#define TRUST_HINT                                                                                 \
  "certificates are read from a PEM file: 'properties.ssl.ca.location' = '/path/ca.pem'; keytool " \
  "-exportcert -rfc writes one"

static const char *const java_ignored[] = {
    "key.deserializer",
    "value.deserializer",
    "key.serializer",
    "value.serializer",
    "max.poll.records",
    "buffer.memory",
    "max.block.ms",
    "default.api.timeout.ms",
    "interceptor.classes",
    "metric.reporters",
    "auto.include.jmx.reporter",
    "partitioner.class",
    "partition.discovery.interval.ms",
    "client.id.prefix",
    "register.consumer.metrics",
    "register.producer.metrics",
    "commit.offsets.on.checkpoint",
    "exclude.internal.topics",
    "flink.disable-metrics",
    "flink.poll-timeout",
};

static const struct {
  const char *name, *here;
} java_renamed[] = {
    {"fetch.max.wait.ms", "fetch.wait.max.ms"},
    {"max.request.size", "message.max.bytes"},
    {"fetch.min.size", "fetch.min.bytes"},
};

static const struct {
  const char *name, *why, *hint;
} java_refused[] = {
    {"ssl.truststore.location", "a Java trust store cannot be read", TRUST_HINT},
    {"ssl.truststore.password", "a Java trust store cannot be read", TRUST_HINT},
    {"ssl.truststore.type", "a Java trust store cannot be read", TRUST_HINT},
    {"sasl.client.callback.handler.class", "classes of the JVM cannot be called", IAM_HINT},
    {"sasl.login.callback.handler.class", "classes of the JVM cannot be called", IAM_HINT},
};

/* ---- sasl.jaas.config: "a.b.PlainLoginModule required username="u" password="p";" */

static bool jaas_is_module(const char *text, const char *module)
{
  size_t length = strcspn(text, " \t\r\n"), wanted = strlen(module);
  return length >= wanted && strncmp(text + length - wanted, module, wanted) == 0 &&
         (length == wanted || text[length - wanted - 1] == '.');
}

/* key="value" or key='value', in which a backslash stands for the character behind it. */
static const char *jaas_value(struct wr_arena *arena, const char *text, const char *key)
{
  size_t length = strlen(key);
  for (const char *at = text + strcspn(text, " \t\r\n"); *at;) {
    at += strspn(at, " \t\r\n;");
    size_t word = strcspn(at, "= \t\r\n;");
    const char *open = at + word;
    open += strspn(open, " \t\r\n");
    bool is_pair = *open == '=';
    open += is_pair;
    open += strspn(open, " \t\r\n");
    if (!is_pair || (*open != '"' && *open != '\'')) {
      at += word ? word : *at != '\0';
      continue;
    }
    char *value = wr_arena_get(arena, strlen(open));
    size_t count = 0;
    const char *end = open + 1;
    for (; *end && *end != *open; end++) {
      end += *end == '\\' && end[1];
      value[count++] = *end;
    }
    value[count] = '\0';
    if (word == length && strncmp(at, key, length) == 0)
      return *end ? value : NULL;
    at = *end ? end + 1 : end;
  }
  return NULL;
}

static struct wr_kafka_java java_jaas(struct wr_arena *arena, const char *text)
{
  text += strspn(text, " \t\r\n");
  if (jaas_is_module(text, "IAMLoginModule"))
    return (struct wr_kafka_java){
        WR_KAFKA_JAVA_REFUSED, .why = "the IAM log-in of MSK is not supported", .hint = IAM_HINT};
  struct wr_kafka_java out = {WR_KAFKA_JAVA_SET, .names = {"sasl.username", "sasl.password"}};
  bool is_known =
      jaas_is_module(text, "PlainLoginModule") || jaas_is_module(text, "ScramLoginModule");
  for (int i = 0; is_known && i < 2; i++)
    out.values[i] = jaas_value(arena, text, i ? "password" : "username");
  if (out.values[0] && out.values[1])
    return out;
  return (struct wr_kafka_java){
      WR_KAFKA_JAVA_REFUSED,
      .why = "only a PlainLoginModule or ScramLoginModule with username and password is understood",
      .hint =
          "say it in librdkafka's terms: 'properties.sasl.username', 'properties.sasl.password'"};
}

struct wr_kafka_java wr_kafka_java(struct wr_arena *arena, const char *name, const char *value)
{
  for (size_t i = 0; i < sizeof java_ignored / sizeof *java_ignored; i++)
    if (strcmp(java_ignored[i], name) == 0)
      return (struct wr_kafka_java){.kind = WR_KAFKA_JAVA_IGNORED};
  for (size_t i = 0; i < sizeof java_renamed / sizeof *java_renamed; i++)
    if (strcmp(java_renamed[i].name, name) == 0)
      return (struct wr_kafka_java){WR_KAFKA_JAVA_SET, .names = {java_renamed[i].here},
                                    .values = {value}};
  for (size_t i = 0; i < sizeof java_refused / sizeof *java_refused; i++)
    if (strcmp(java_refused[i].name, name) == 0)
      return (struct wr_kafka_java){WR_KAFKA_JAVA_REFUSED, .why = java_refused[i].why,
                                    .hint = java_refused[i].hint};
  if (strcmp(name, "sasl.jaas.config") == 0)
    return java_jaas(arena, value);
  if (strcmp(name, "ssl.endpoint.identification.algorithm") == 0 && !*value)
    return (struct wr_kafka_java){WR_KAFKA_JAVA_SET, .names = {name}, .values = {"none"}};
  bool is_mechanism = strcmp(name, "sasl.mechanism") == 0 || strcmp(name, "sasl.mechanisms") == 0;
  if (is_mechanism && strcmp(value, "AWS_MSK_IAM") == 0)
    return (struct wr_kafka_java){
        WR_KAFKA_JAVA_REFUSED, .why = "the IAM log-in of MSK is not supported", .hint = IAM_HINT};
  return (struct wr_kafka_java){.kind = WR_KAFKA_JAVA_AS_IS};
}
