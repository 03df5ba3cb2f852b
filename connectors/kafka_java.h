/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of the Java client, as tables written for Flink have them: what librdkafka calls
 * otherwise, does not need, or cannot do. */
#ifndef WEIR_CONNECTORS_KAFKA_JAVA_H
#define WEIR_CONNECTORS_KAFKA_JAVA_H

#include "core/arena.h"

enum wr_kafka_java_kind {
  WR_KAFKA_JAVA_AS_IS,   /* librdkafka knows it, or nobody does */
  WR_KAFKA_JAVA_IGNORED, /* tunes or names parts of the Java client: no effect on what is read */
  WR_KAFKA_JAVA_SET,     /* other properties take its place */
  WR_KAFKA_JAVA_REFUSED
};

struct wr_kafka_java {
  enum wr_kafka_java_kind kind;
  const char *names[2], *values[2]; /* SET: up to the first NULL */
  const char *why, *hint;           /* REFUSED */
};

/* What a property (without 'properties.') means here. Texts live in the arena or are constant. */
struct wr_kafka_java wr_kafka_java(struct wr_arena *arena, const char *name, const char *value);

#endif
