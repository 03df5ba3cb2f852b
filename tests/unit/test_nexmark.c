/* SPDX-License-Identifier: Apache-2.0 */
/* The events of the Nexmark benchmark: the mix, ids, hot keys and prices that it defines, the same
 * whoever makes them. */
#include "connectors/nexmark_events.h"
#include "core/time.h"
#include "tests/unit/connect.h"
#include "text/buffer.h"

#define EVENTS 100000

static const struct wr_field bid_fields[] = {
    {"auction", &wr_type_bigint}, {"bidder", &wr_type_bigint},       {"price", &wr_type_bigint},
    {"channel", &wr_type_string}, {"dateTime", &wr_type_timestamp3}, {"extra", &wr_type_string},
    {"url", &wr_type_string},
};
static const struct wr_schema bid_schema = {WR_COUNT(bid_fields), bid_fields};

/* One line per bid, all columns. */
static void put_bids(const struct wr_batch *batch, struct wr_buffer *out)
{
  for (uint32_t r = 0; r < batch->row_count; r++) {
    for (uint32_t c = 0; c < bid_schema.column_count; c++) {
      const struct wr_text *text = wr_column_text(&batch->columns[c], r);
      if (bid_fields[c].type == &wr_type_string)
        wr_buffer_print(out, "%.*s ", (int)text->length, wr_text_bytes(text));
      else
        wr_buffer_print(out, "%lld ", (long long)wr_column_i64(&batch->columns[c], r));
    }
    wr_buffer_put_char(out, '\n');
  }
}

/* Reads a few batches of all splits at a time, closes, and goes on from the positions. The lines of
 * split s are appended to outs[s]. */
static void read_bids(const char *split_count, const char *disorder, int polls,
                      struct wr_buffer *outs)
{
  struct connect_table table;
  struct wr_split *splits;
  uint32_t count;
  bool done = false;
  connect_open(&table, "nexmark", &bid_schema,
               (const char *[]){"event", "bid", "events.num", "100000", "max-emit-speed", "true",
                                "splits", split_count, "out-of-order-group-size", disorder, NULL});
  CU_ASSERT_EQUAL(connect_check(&table, false), WR_OK);
  CU_ASSERT(table.connector->is_bounded(&table.spec));
  const struct wr_reader_class *class = table.connector->reader;
  CU_ASSERT_EQUAL(class->discover(&table.spec, &table.arena, &splits, &count, &table.err), WR_OK);
  for (int round = 0; !done && round < 1000; round++) {
    struct wr_reader *reader;
    CU_ASSERT_EQUAL(class->open(&table.spec, splits, count, &reader, &table.err), WR_OK);
    for (int p = 0; p < polls; p++) {
      struct wr_batch batch = {.schema = &bid_schema};
      CU_ASSERT_EQUAL(class->poll_rows(reader, 0, &batch, &table.err), WR_OK);
      if (batch.run_count == 0)
        continue;
      const struct wr_run *run = &batch.runs[0];
      put_bids(&batch, &outs[run->split]);
      splits[run->split].position =
          wr_arena_copy(&table.arena, run->after.bytes, run->after.length);
    }
    done = true;
    for (uint32_t s = 0; s < count; s++)
      done = done && reader->states[s] == WR_SPLIT_DONE;
    class->close(reader);
  }
  CU_ASSERT(done);
  connect_close(&table);
}

static bool next_line(struct wr_buffer *from, size_t *at, const char **line, size_t *length)
{
  if (*at >= from->length)
    return false;
  *line = from->bytes + *at;
  *length = (size_t)((const char *)memchr(*line, '\n', from->length - *at) - *line) + 1;
  *at += *length;
  return true;
}

/* Event n is split n mod 3's, so the bids of three splits are those of one. */
static void test_same_events_always(void)
{
  for (int d = 0; d < 2; d++) {
    struct wr_buffer one[1] = {{0}}, three[3] = {{0}};
    size_t at = 0, ats[3] = {0};
    const char *line = NULL, *other = NULL;
    size_t length = 0, other_length = 0, lines = 0;
    struct wr_nexmark_shape shape = {.disorder = d ? 7 : 1, .proportions = {1, 3, 46}};
    read_bids("1", d ? "7" : "1", 3, one);
    read_bids("3", d ? "7" : "1", 2, three);
    for (int64_t n = 0; n < EVENTS; n++) {
      if (wr_nexmark_kind(&shape, wr_nexmark_shuffled(&shape, n)) != WR_NEXMARK_BID)
        continue;
      CU_ASSERT_FATAL(next_line(&one[0], &at, &line, &length));
      CU_ASSERT_FATAL(next_line(&three[n % 3], &ats[n % 3], &other, &other_length));
      CU_ASSERT_FATAL(length == other_length && memcmp(line, other, length) == 0);
      lines++;
    }
    CU_ASSERT_EQUAL(lines, EVENTS / 50 * 46);
    CU_ASSERT(!next_line(&one[0], &at, &line, &length));
    wr_buffer_free(&one[0]);
    for (int s = 0; s < 3; s++)
      wr_buffer_free(&three[s]);
  }
}

/* What the benchmark says of one event, in the plainest words. */
static void test_bids(void)
{
  struct wr_buffer bids[1] = {{0}};
  size_t at = 0, length = 0;
  const char *line = NULL;
  uint32_t hot_auctions = 0, hot_bidders = 0, hot_channels = 0, count = 0;
  uint32_t large = 0;
  uint64_t extra_bytes = 0;
  read_bids("1", "1", 10, bids);
  for (int64_t n = 0; n < EVENTS; n++) {
    if (n % 50 < 4)
      continue;
    long long auction, bidder, price, time_us;
    char channel[32], extra[200], url[200], text[600];
    CU_ASSERT_FATAL(next_line(&bids[0], &at, &line, &length));
    CU_ASSERT_FATAL(length <
                    sizeof text); /* apart from the others: sscanf looks for the end of all */
    memcpy(text, line, length);
    text[length] = '\0';
    CU_ASSERT_EQUAL_FATAL(sscanf(text, "%lld %lld %lld %31s %lld %199s %199s", &auction, &bidder,
                                 &price, channel, &time_us, extra, url),
                          7);
    long long last_auction = n / 50 * 3 + 2, last_person = n / 50;
    CU_ASSERT_EQUAL(time_us, INT64_C(1436918400000000) + n / 10 * 1000);
    CU_ASSERT(auction - 1000 >= (last_auction > 100 ? last_auction - 100 : 0) / 100 * 100);
    CU_ASSERT(auction - 1000 <= last_auction + 10);
    CU_ASSERT(bidder - 2000 >= (last_person >= 1000 ? last_person - 999 : 0) / 100 * 100);
    CU_ASSERT(bidder - 2000 <= last_person + 10);
    CU_ASSERT(price >= 100 && price <= 100000000);
    CU_ASSERT(strncmp(url, "https://www.nexmark.com/", 24) == 0);
    CU_ASSERT(strstr(url, "/item.htm?query=1") != NULL);
    hot_auctions += auction - 1000 == last_auction / 100 * 100;
    hot_bidders += bidder - 2000 == last_person / 100 * 100 + 1;
    hot_channels += strncmp(channel, "channel-", 8) != 0;
    extra_bytes += strlen(extra);
    count++;
    large += price >= 1000;
  }
  CU_ASSERT(hot_auctions > count * 49 / 100 && hot_auctions < count * 53 / 100);
  CU_ASSERT(hot_bidders > count * 74 / 100 && hot_bidders < count * 77 / 100);
  CU_ASSERT(hot_channels > count * 49 / 100 && hot_channels < count * 51 / 100);
  CU_ASSERT(extra_bytes > (uint64_t)count * 66 && extra_bytes < (uint64_t)count * 70);
  CU_ASSERT(large > count * 82 / 100 && large < count * 85 / 100); /* five of six decades */
  wr_buffer_free(&bids[0]);
}

/* All kinds in one table: a ROW is NULL unless the event is of its kind. */
static void test_all_kinds(void)
{
  static const struct wr_field person[] = {{"id", &wr_type_bigint}, {"city", &wr_type_string}};
  static const struct wr_field auction[] = {{"seller", &wr_type_bigint},
                                            {"id", &wr_type_bigint},
                                            {"category", &wr_type_bigint},
                                            {"expires", &wr_type_timestamp3}};
  struct connect_table table;
  struct wr_arena arena = {0};
  struct wr_split split = {.name = "events-0"};
  struct wr_reader *reader;
  const struct wr_field fields[] = {
      {"auction", wr_type_row(&arena, auction, WR_COUNT(auction))},
      {"event_type", &wr_type_int},
      {"person", wr_type_row(&arena, person, WR_COUNT(person))},
  };
  const struct wr_schema schema = {WR_COUNT(fields), fields};
  struct wr_batch batch = {.schema = &schema};
  connect_open(&table, "nexmark", &schema, (const char *[]){"max-emit-speed", "true", NULL});
  CU_ASSERT_EQUAL(connect_check(&table, false), WR_OK);
  CU_ASSERT(!table.connector->is_bounded(&table.spec));
  const struct wr_reader_class *class = table.connector->reader;
  CU_ASSERT_EQUAL(class->open(&table.spec, &split, 1, &reader, &table.err), WR_OK);
  CU_ASSERT_EQUAL(class->poll_rows(reader, 0, &batch, &table.err), WR_OK);
  CU_ASSERT_EQUAL(batch.row_count, WR_BATCH_ROWS);
  for (uint32_t r = 0; r < batch.row_count; r++) {
    int64_t kind = r % 50 == 0 ? 0 : r % 50 < 4 ? 1 : 2;
    const struct wr_column *rows = batch.columns;
    CU_ASSERT_EQUAL(wr_column_i64(&rows[1], r), kind);
    CU_ASSERT_EQUAL(wr_column_is_null(&rows[0], r), kind != 1);
    CU_ASSERT_EQUAL(wr_column_is_null(&rows[2], r), kind != 0);
    if (kind == 0)
      CU_ASSERT_EQUAL(wr_column_i64(&rows[2].children[0], r), 1000 + r / 50);
    if (kind != 1)
      continue;
    int64_t category = wr_column_i64(&rows[0].children[2], r);
    CU_ASSERT_EQUAL(wr_column_i64(&rows[0].children[1], r), 1000 + r / 50 * 3 + r % 50 - 1);
    CU_ASSERT(category >= 10 && category <= 14);
    CU_ASSERT(wr_column_i64(&rows[0].children[3], r) > INT64_C(1436918400000000) + r / 10 * 1000);
  }
  class->close(reader);
  connect_close(&table);
  wr_arena_free(&arena);
}

/* What the splits of a kind have made, in short. */
struct made {
  uint64_t row_counts[8], rows, sum, squares; /* sums of ids, and of their squares */
};

/* Few rows at a time, each time with a new reader, as after a restart. */
static struct made read_kind(const char *kind, const char *split_count, const char *disorder,
                             const char *events, bool restarts)
{
  static const struct wr_field fields[] = {{"id", &wr_type_bigint},
                                           {"dateTime", &wr_type_timestamp3}};
  static const struct wr_field bids[] = {{"auction", &wr_type_bigint},
                                         {"dateTime", &wr_type_timestamp3}};
  const struct wr_schema schema = {2, strcmp(kind, "bid") == 0 ? bids : fields};
  struct made made = {.rows = 0};
  int64_t last_us[8] = {0};
  struct connect_table table;
  struct wr_split *splits;
  uint32_t count;
  connect_open(&table, "nexmark", &schema,
               (const char *[]){"event", kind, "events.num", events, "max-emit-speed", "true",
                                "splits", split_count, "out-of-order-group-size", disorder, NULL});
  CU_ASSERT_EQUAL_FATAL(connect_check(&table, false), WR_OK);
  const struct wr_reader_class *class = table.connector->reader;
  class->discover(&table.spec, &table.arena, &splits, &count, &table.err);
  CU_ASSERT_FATAL(count <= 8);
  struct wr_reader *reader = NULL;
  for (bool done = false; !done;) {
    struct wr_batch batch = {.schema = &schema};
    if (!reader)
      class->open(&table.spec, splits, count, &reader, &table.err);
    CU_ASSERT_EQUAL_FATAL(class->poll_rows(reader, 0, &batch, &table.err), WR_OK);
    for (uint32_t r = 0; r < batch.row_count; r++) {
      uint64_t id = (uint64_t)wr_column_i64(&batch.columns[0], r);
      int64_t time_us = wr_column_i64(&batch.columns[1], r);
      made.rows++;
      made.sum += id;
      made.squares += id * id;
      CU_ASSERT(time_us >= last_us[batch.runs[0].split] || disorder[0] != '1');
      last_us[batch.runs[0].split] = time_us;
    }
    if (batch.run_count) {
      made.row_counts[batch.runs[0].split] += batch.row_count;
      splits[batch.runs[0].split].position =
          wr_arena_copy(&table.arena, batch.runs[0].after.bytes, batch.runs[0].after.length);
    }
    done = true;
    for (uint32_t s = 0; s < count; s++)
      done = done && reader->states[s] == WR_SPLIT_DONE;
    if (done || restarts)
      class->close(reader);
    if (restarts)
      reader = NULL;
  }
  connect_close(&table);
  return made;
}

/* 50 events are a round, so that of two splits, or four, one would have no person. */
static void test_splits_have_all_kinds(void)
{
  static const char *const kinds[] = {"person", "auction", "bid"};
  static const char *const numbers[] = {"80000", "123457", "1600", "799", "1"};
  static const char *const counts[] = {"2", "3", "4", "8"};
  for (size_t i = 0; i < WR_COUNT(kinds) * WR_COUNT(numbers) * WR_COUNT(counts); i++) {
    const char *kind = kinds[i % 3], *events = numbers[i / 3 % 5], *splits = counts[i / 15];
    bool many = strlen(events) > 4;
    const char *disorder = i % 2 ? "1" : "7";
    struct made one = read_kind(kind, "1", disorder, events, false);
    struct made all = read_kind(kind, splits, disorder, events, i % 3 < 2);
    WR_CHECK(all.rows == one.rows && all.sum == one.sum && all.squares == one.squares,
             "%s of %s events in %s splits", kind, events, splits);
    for (uint64_t s = 0, count = strtoull(splits, NULL, 10); many && s < count; s++)
      WR_CHECK(all.row_counts[s] * count > all.rows / 2 && all.row_counts[s] * count < 2 * all.rows,
               "split %llu of %s: %llu of %llu", (unsigned long long)s, splits,
               (unsigned long long)all.row_counts[s], (unsigned long long)all.rows);
  }
}

static void test_refuses(void)
{
  static const struct wr_field columns[] = {{"auction", &wr_type_bigint}};
  static const struct wr_field wrong[] = {{"auction", &wr_type_string}};
  static const struct wr_schema schema = {1, columns}, wrong_schema = {1, wrong};
  static const struct {
    const char *key, *value, *says;
    const struct wr_schema *schema;
  } rows[] = {
      {"splits", "0", "from 1 to 1024", &schema},
      {"events.num", "-1", "from 0", &schema},
      {"first-event.rate", "0", "from 1", &schema},
      {"next-event.rate", "5", "the same as first-event.rate", &schema},
      {"base-time", "noon", "a time such as", &schema},
      {"bid.proportion", "0", "from 1", &schema},
      {"seed", "7", "nexmark has no auction STRING for the table t: it makes BIGINT",
       &wrong_schema},
      {"seed", "7", NULL, &schema},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct connect_table table;
    connect_open(&table, "nexmark", rows[i].schema,
                 (const char *[]){"event", "bid", rows[i].key, rows[i].value, NULL});
    enum wr_code code = connect_check(&table, false);
    WR_CHECK((code == WR_OK) == (rows[i].says == NULL), "%s", rows[i].key);
    if (rows[i].says)
      WR_CHECK(strstr(table.err.message, rows[i].says) != NULL, "%s", table.err.message);
    connect_close(&table);
  }
  struct connect_table table;
  connect_open(&table, "nexmark", &schema, NULL);
  CU_ASSERT_EQUAL(connect_check(&table, false), WR_SEMANTIC);
  CU_ASSERT(strstr(table.err.message, "event_type INT and the ROWs") != NULL);
  connect_close(&table);
}

static const struct wr_test tests[] = {
    {"same-events-always", test_same_events_always},
    {"bids", test_bids},
    {"all-kinds", test_all_kinds},
    {"splits-have-all-kinds", test_splits_have_all_kinds},
    {"refuses", test_refuses},
    {NULL, NULL},
};

const struct wr_suite wr_suite_nexmark = {"nexmark", tests};
