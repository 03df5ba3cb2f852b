/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of the Java client of Kafka, and what they mean for librdkafka. */
#include "connectors/kafka_java.h"

#include <string.h>

#include "tests/unit/check.h"
#include "tests/unit/suite.h"

static void test_jaas(void)
{
  static const struct {
    const char *text;
    enum wr_kafka_java_kind kind;
    const char *user, *password;
  } rows[] = {
      {"org.apache.kafka.common.security.plain.PlainLoginModule required username=\"u\" "
       "password=\"p w\";",
       WR_KAFKA_JAVA_SET, "u", "p w"},
      {"  org.apache.flink.kafka.shaded.org.apache.kafka.common.security.scram.ScramLoginModule\n"
       "required\n  password = 'it\\'s;=' username = 'me' ;",
       WR_KAFKA_JAVA_SET, "me", "it's;="},
      {"ScramLoginModule required username='a\"b' password='' tokenauth='true';", WR_KAFKA_JAVA_SET,
       "a\"b", ""},
      {"PlainLoginModule required xusername='x' username='y' password='z';", WR_KAFKA_JAVA_SET, "y",
       "z"},
      {"PlainLoginModule required username='y' password='z", WR_KAFKA_JAVA_REFUSED, NULL, NULL},
      {"PlainLoginModule required username=y password=z;", WR_KAFKA_JAVA_REFUSED, NULL, NULL},
      {"PlainLoginModule required;", WR_KAFKA_JAVA_REFUSED, NULL, NULL},
      {"NotPlainLoginModule required username='y' password='z';", WR_KAFKA_JAVA_REFUSED, NULL,
       NULL},
      {"software.amazon.msk.auth.iam.IAMLoginModule required;", WR_KAFKA_JAVA_REFUSED, NULL, NULL},
      {"", WR_KAFKA_JAVA_REFUSED, NULL, NULL},
      {"= = = ; ;; =", WR_KAFKA_JAVA_REFUSED, NULL, NULL},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_arena arena = {0};
    struct wr_kafka_java java = wr_kafka_java(&arena, "sasl.jaas.config", rows[i].text);
    WR_CHECK(java.kind == rows[i].kind, "%s", rows[i].text);
    if (rows[i].user && java.kind == WR_KAFKA_JAVA_SET) {
      WR_CHECK(strcmp(java.values[0], rows[i].user) == 0, "%s", java.values[0]);
      WR_CHECK(strcmp(java.values[1], rows[i].password) == 0, "%s", java.values[1]);
    }
    WR_CHECK(java.kind != WR_KAFKA_JAVA_REFUSED || (java.why && java.hint), "%s", rows[i].text);
    wr_arena_free(&arena);
  }
}

static void test_names(void)
{
  static const struct {
    const char *name, *value;
    enum wr_kafka_java_kind kind;
    const char *here;
  } rows[] = {
      {"max.poll.records", "500", WR_KAFKA_JAVA_IGNORED, NULL},
      {"fetch.max.wait.ms", "100", WR_KAFKA_JAVA_SET, "fetch.wait.max.ms"},
      {"max.request.size", "1000000", WR_KAFKA_JAVA_SET, "message.max.bytes"},
      {"ssl.endpoint.identification.algorithm", "", WR_KAFKA_JAVA_SET,
       "ssl.endpoint.identification.algorithm"},
      {"ssl.endpoint.identification.algorithm", "https", WR_KAFKA_JAVA_AS_IS, NULL},
      {"sasl.mechanism", "PLAIN", WR_KAFKA_JAVA_AS_IS, NULL},
      {"sasl.mechanism", "AWS_MSK_IAM", WR_KAFKA_JAVA_REFUSED, NULL},
      {"ssl.truststore.password", "x", WR_KAFKA_JAVA_REFUSED, NULL},
      {"linger.ms", "5", WR_KAFKA_JAVA_AS_IS, NULL},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_arena arena = {0};
    struct wr_kafka_java java = wr_kafka_java(&arena, rows[i].name, rows[i].value);
    WR_CHECK(java.kind == rows[i].kind, "%s", rows[i].name);
    WR_CHECK(!rows[i].here || (java.names[0] && strcmp(java.names[0], rows[i].here) == 0), "%s",
             rows[i].name);
    wr_arena_free(&arena);
  }
}

static const struct wr_test tests[] = {{"jaas", test_jaas}, {"names", test_names}, {NULL, NULL}};

const struct wr_suite wr_suite_kafka_java = {"kafka_java", tests};
