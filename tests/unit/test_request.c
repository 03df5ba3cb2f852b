/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the control socket: what is understood, what is refused, and that what is printed is
 * read back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/request.h"
#include "tests/unit/check.h"

static void requests_that_are_understood(void)
{
  static const struct {
    const char *line;
    struct wr_request request;
  } rows[] = {
      {"status", {.kind = WR_REQUEST_STATUS}},
      {"savepoint", {.kind = WR_REQUEST_SAVEPOINT}},
      {"savepoint hold", {.kind = WR_REQUEST_SAVEPOINT, .hold = true}},
      {"savepoint stop", {.kind = WR_REQUEST_SAVEPOINT, .stop = true}},
      {"savepoint stop drain", {.kind = WR_REQUEST_SAVEPOINT, .stop = true, .drain = true}},
      {"savepoint hold stop drain",
       {.kind = WR_REQUEST_SAVEPOINT, .hold = true, .stop = true, .drain = true}},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_request request;
    struct wr_error err;
    enum wr_code code = wr_request_parse(rows[i].line, strlen(rows[i].line), &request, &err);
    WR_CHECK(code == WR_OK, "%s", rows[i].line);
    WR_CHECK(request.kind == rows[i].request.kind && request.hold == rows[i].request.hold &&
                 request.stop == rows[i].request.stop && request.drain == rows[i].request.drain,
             "%s", rows[i].line);
  }
}

static void requests_that_are_refused(void)
{
  static const char *const lines[] = {"",
                                      " ",
                                      "savepoints",
                                      "Savepoint",
                                      " savepoint",
                                      "savepoint ",
                                      "savepoint  stop",
                                      "savepoint stop ",
                                      "savepoint drain",
                                      "savepoint stop hold",
                                      "savepoint stop drain drain",
                                      "savepoint stop stop",
                                      "status now",
                                      "status\r",
                                      "save",
                                      "\x80\xff\x01"};
  for (size_t i = 0; i < WR_COUNT(lines); i++) {
    struct wr_request request;
    struct wr_error err;
    enum wr_code code = wr_request_parse(lines[i], strlen(lines[i]), &request, &err);
    WR_CHECK(code == WR_UNSUPPORTED, "'%s'", lines[i]);
    WR_CHECK(!strpbrk(err.message, "\r\n\x80\xff\x01"), "'%s'", err.message);
  }
}

static void a_request_is_bounded(void)
{
  char line[WR_REQUEST_BYTES_MAX + 1];
  struct wr_request request;
  struct wr_error err;
  memset(line, 'a', sizeof line);
  CU_ASSERT_EQUAL(wr_request_parse(line, sizeof line - 1, &request, &err), WR_UNSUPPORTED);
  CU_ASSERT_EQUAL(wr_request_parse(line, sizeof line, &request, &err), WR_LIMIT);
  CU_ASSERT(strstr(err.message, "WR_REQUEST_BYTES_MAX") != NULL);
}

static void replies_come_back(void)
{
  static const struct {
    const char *line;
    struct wr_reply reply;
  } rows[] = {
      {"begun 7", {.kind = WR_REPLY_BEGUN, .epoch = 7}},
      {"sealed 18446744073709551615 0 1 2",
       {.kind = WR_REPLY_SEALED, .epoch = UINT64_MAX, .own_bytes = 1, .micros = 2}},
      {"stopped 8", {.kind = WR_REPLY_STOPPED, .epoch = 8}},
      {"ended 9", {.kind = WR_REPLY_ENDED, .epoch = 9}},
      {"failed no  room ", {.kind = WR_REPLY_FAILED, .text = "no  room ", .text_length = 9}},
      {"status {\"a\":1}", {.kind = WR_REPLY_STATUS, .text = "{\"a\":1}", .text_length = 7}},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_reply reply;
    struct wr_error err;
    char line[100];
    const char *text = rows[i].reply.text;
    WR_CHECK(wr_reply_parse(rows[i].line, strlen(rows[i].line), &reply, &err) == WR_OK, "%s",
             rows[i].line);
    WR_CHECK(reply.kind == rows[i].reply.kind && reply.epoch == rows[i].reply.epoch &&
                 reply.bytes == rows[i].reply.bytes && reply.own_bytes == rows[i].reply.own_bytes &&
                 reply.micros == rows[i].reply.micros &&
                 reply.text_length == rows[i].reply.text_length &&
                 (!text || memcmp(reply.text, text, reply.text_length) == 0),
             "%s", rows[i].line);
    WR_CHECK(wr_reply_print(&reply, line, sizeof line) == strlen(rows[i].line) &&
                 strcmp(line, rows[i].line) == 0,
             "%s: %s", rows[i].line, line);
    WR_CHECK(wr_reply_print(&reply, line, strlen(rows[i].line)) == 0, "%s", rows[i].line);
  }
}

static void replies_that_nobody_sends(void)
{
  static const char *const lines[] = {
      "",          "begun",    "begun ",  "begun 1 ",         "begun 01",
      "begun 1 2", "begun -1", "begun x", "sealed 1 2 3",     "begun 18446744073709551616",
      "failed",    "status",   "status ", "sealed 1 2 3 4 5", "done 1"};
  for (size_t i = 0; i < WR_COUNT(lines); i++) {
    struct wr_reply reply;
    struct wr_error err;
    WR_CHECK(wr_reply_parse(lines[i], strlen(lines[i]), &reply, &err) == WR_DATA, "'%s'", lines[i]);
  }
}

/* A sentence never breaks its line. */
static void a_line_feed_does_not_get_through(void)
{
  const struct wr_reply reply = {.kind = WR_REPLY_FAILED, .text = "a\nb", .text_length = 3};
  char line[20];
  CU_ASSERT_EQUAL(wr_reply_print(&reply, line, sizeof line), 10);
  CU_ASSERT_STRING_EQUAL(line, "failed a b");
}

static void lines_are_found(void)
{
  size_t line, used;
  CU_ASSERT(!wr_line_find(NULL, 0, &line, &used));
  CU_ASSERT(!wr_line_find("abc", 3, &line, &used));
  CU_ASSERT(wr_line_find("\n", 1, &line, &used) && line == 0 && used == 1);
  CU_ASSERT(wr_line_find("ab\ncd\n", 6, &line, &used) && line == 2 && used == 3);
}

static const struct wr_test tests[] = {
    {"requests", requests_that_are_understood},
    {"refused", requests_that_are_refused},
    {"bounded", a_request_is_bounded},
    {"replies", replies_come_back},
    {"unknown_replies", replies_that_nobody_sends},
    {"line_feed", a_line_feed_does_not_get_through},
    {"lines", lines_are_found},
    {NULL, NULL},
};
const struct wr_suite wr_suite_request = {"request", tests};
