/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From changes to the newest state of each key: what of a batch is left, and rows that are taken
 * back by half an update whose other half comes later, or never. A batch is a text: the change of a
 * row, its key, and a digit as its value; so are the states, with - for none.
 */
#include <stdio.h>
#include <string.h>

#include "core/builder.h"
#include "runtime/sink_upsert.h"
#include "tests/unit/check.h"
#include "text/buffer.h"

static const struct wr_field fields[] = {{"v", &wr_type_bigint}, {"k", &wr_type_string}};
static const struct wr_schema schema = {2, fields}, key_schema = {1, &fields[1]},
                              value_schema = {1, &fields[0]};
static const uint32_t keys[] = {1}, values[] = {0};
static const struct wr_options no_options = {0};

struct trial {
  struct wr_keyed keyed;
  struct wr_plan_table table;
  struct wr_sink_upsert *upsert;
};

static void trial_open(struct trial *trial)
{
  struct wr_error err;
  *trial = (struct trial){.keyed = {.upserts = true,
                                    .key_format = wr_format_find("raw"),
                                    .value_format = wr_format_find("json"),
                                    .key_options = &no_options,
                                    .key_schema = &key_schema,
                                    .value_schema = &value_schema,
                                    .keys = keys,
                                    .values = values}};
  trial->table = (struct wr_plan_table){.name = "t",
                                        .keyed = &trial->keyed,
                                        .format = trial->keyed.value_format,
                                        .options = &no_options,
                                        .physical = &schema};
  CU_ASSERT_EQUAL_FATAL(wr_sink_upsert_open(&trial->table, &trial->upsert, &err), WR_OK);
}

static void show_waited(struct wr_buffer *out, const struct wr_outgoing *waited, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++) {
    CU_ASSERT_PTR_NULL(waited[i].bytes);
    wr_buffer_print(out, "%s%.*s-", out->length ? " " : "", (int)waited[i].key_length,
                    waited[i].key);
  }
}

/* "+Ia1 -Ua1 +Ua2" */
static void batch_make(const char *text, struct wr_builder *v, struct wr_builder *k,
                       uint8_t *change, uint32_t *count)
{
  wr_builder_open(v, &wr_type_bigint);
  wr_builder_open(k, &wr_type_string);
  *count = 0;
  for (const char *at = text; *at; at += at[4] ? 5 : 4) {
    wr_builder_reserve(v, 1);
    wr_builder_reserve(k, 1);
    wr_builder_put_i64(v, at[3] - '0');
    wr_builder_put_copy(k, at + 2, 1);
    change[(*count)++] = at[1] == 'I'   ? WR_INSERT
                         : at[1] == 'D' ? WR_DELETE
                         : *at == '-'   ? WR_UPDATE_BEFORE
                                        : WR_UPDATE_AFTER;
  }
}

static void check(struct trial *trial, const char *text, const char *expected)
{
  struct wr_builder v = {0}, k = {0};
  uint8_t change[64] = {0};
  uint32_t count;
  batch_make(text, &v, &k, change, &count);
  const struct wr_column columns[] = {wr_builder_view(&v), wr_builder_view(&k)};
  const struct wr_batch batch = {.schema = &schema,
                                 .columns = columns,
                                 .row_count = count,
                                 .picked_count = count,
                                 .change = change};
  struct wr_sink_states states;
  struct wr_buffer out = {0};
  uint32_t next = 0;
  wr_sink_upsert_take(trial->upsert, &batch, &states);
  CU_ASSERT_EQUAL(states.fault_count, 0);
  show_waited(&out, states.waited, states.waited_count);
  for (uint32_t i = 0; i < states.count; i++) {
    const struct wr_sink_state *state = &states.states[i];
    wr_buffer_print(&out, "%s%.*s%c", out.length ? " " : "", (int)state->key_length, state->key,
                    state->gone ? '-' : (char)('0' + wr_column_i64(&columns[0], state->row)));
    if (!state->gone)
      CU_ASSERT_EQUAL(states.value_rows[next++], state->row);
  }
  CU_ASSERT_EQUAL(states.value_count, next);
  WR_CHECK(strcmp(wr_buffer_string(&out), expected) == 0, "%s: '%s' instead of '%s'", text,
           wr_buffer_string(&out), expected);
  wr_buffer_free(&out);
  wr_builder_close(&v);
  wr_builder_close(&k);
}

static void check_flush(struct trial *trial, const char *expected)
{
  const struct wr_outgoing *waited;
  struct wr_buffer out = {0};
  uint32_t count = wr_sink_upsert_flush(trial->upsert, &waited);
  show_waited(&out, waited, count);
  WR_CHECK(strcmp(wr_buffer_string(&out), expected) == 0, "flush: '%s' instead of '%s'",
           wr_buffer_string(&out), expected);
  wr_buffer_free(&out);
}

static void test_last(void)
{
  struct trial trial;
  trial_open(&trial);
  check(&trial, "+Ia1 +Ib1 -Ua1 +Ua2", "b1 a2");
  check(&trial, "-Da2 +Ia3 -Db1", "a3 b-");
  check(&trial, "+Ic1 -Dc1 -Da3 +Ib7", "c- a- b7");
  check_flush(&trial, "");
  wr_sink_upsert_close(trial.upsert);
}

static void test_halves(void)
{
  struct trial trial;
  trial_open(&trial);
  check(&trial, "+Ia1 +Ib1 -Ua1", "b1"); /* a is not told yet */
  check(&trial, "+Ua2", "a2");
  check(&trial, "-Ua2 -Ub1", "");
  check(&trial, "+Ub2 +Ic1", "a- b2 c1"); /* what takes the place of a does not come */
  check(&trial, "-Uc1", "");
  check(&trial, "-Uc1", ""); /* still waits */
  check_flush(&trial, "c-");
  check_flush(&trial, "");
  check(&trial, "-Ub2", "");
  check(&trial, "-Db2", "b-");
  check_flush(&trial, "");
  wr_sink_upsert_close(trial.upsert);
}

static const struct wr_test sink_upsert_tests[] = {
    {"the last state of a key", test_last},
    {"halves of updates", test_halves},
    {0},
};

const struct wr_suite wr_suite_sink_upsert = {"sink_upsert", sink_upsert_tests};
