/* SPDX-License-Identifier: Apache-2.0 */
/* See the header; the reasons and measurements behind the windows are in
 * docs/decisions/json-decoding.md. */
#include "formats/json_decode.h"

#include <assert.h>
#include <stdlib.h>

#include "formats/fault.h"
#include "formats/json_change.h"
#include "formats/json_mapping.h"
#include "formats/json_walk.h"

#define WINDOW_BYTES      32768u /* a window and its positions stay in the nearest caches */
#define WINDOW_FRAMES_MIN 4u     /* fewer that lie together are gathered with their neighbours */
#define WINDOW_GAP_MAX    16u    /* blanks between two records of a window */

struct wr_json_decode {
  struct wr_arena arena; /* of the decoder */
  struct wr_arena call;  /* of one decode: messages */
  struct wr_json_index *index;
  struct wr_json_shape *shape;
  struct wr_json_field *fields;    /* NULL: records are no rows by themselves, but one of these */
  struct wr_json_change *changes;  /* NULL: they do not say what became of rows */
  struct wr_json_mapping *mapping; /* NULL: columns are members of their names */
  struct wr_json_tape tape;
  struct wr_json_put put;
  struct wr_buffer gathered, names; /* records copied together; unescaped field names */
  struct wr_builder *builders;      /* one per wanted column */
  struct wr_column *columns;
  uint32_t column_count;
  uint32_t row_count, row_capacity; /* rows so far, and for how many there is room */
  uint32_t *row_frame;
  uint8_t *row_change; /* only with changes */
  bool regular;        /* so far row i is frame i */
  struct wr_faults faults;
};

/* Consecutive frames whose bytes lie one behind the other with blanks between, a blank behind the
 * last. */
struct json_window {
  const struct wr_frame *frames;
  uint32_t first, count; /* first: number of frames[0] within the call */
  const char *bytes;
  uint32_t length; /* up to the end of the last record */
  bool gathered;   /* bytes are copies, one blank between records */
};

struct wr_json_decode *wr_json_decode_new(const struct wr_format_spec *spec,
                                          const struct wr_json_decode_rules *rules,
                                          struct wr_error *err)
{
  struct wr_json_index *index = wr_json_index_new();
  if (!index) {
    wr_fail(err, WR_INTERNAL, "simdjson finds no memory for a decoder");
    return NULL;
  }
  struct wr_json_decode *decode = wr_memory_get_zero(sizeof *decode);
  struct wr_arena *arena = &decode->arena;
  uint32_t count = spec->wanted_count;
  const struct wr_field **fields = WR_NEW_ARRAY(arena, const struct wr_field *, count + 1);
  decode->builders = WR_NEW_ARRAY(arena, struct wr_builder, count + 1);
  for (uint32_t i = 0; i < count; i++) {
    assert(spec->wanted[i] < spec->schema->column_count);
    fields[i] = &spec->schema->fields[spec->wanted[i]];
    wr_builder_open(&decode->builders[i], fields[i]->type);
  }
  decode->index = index;
  decode->column_count = count;
  decode->columns = WR_NEW_ARRAY(arena, struct wr_column, count + 1);
  if (rules->changes) {
    decode->changes = wr_json_change_new(arena, rules->changes, rules->wrapped, fields, count);
    decode->shape = wr_json_change_shape(decode->changes);
  } else if (rules->mapping) {
    decode->mapping = wr_json_mapping_new(arena, rules->mapping, fields, count);
    decode->shape = wr_json_mapping_shape(decode->mapping);
  } else {
    decode->shape = wr_json_shape_new(arena, fields, count);
    decode->fields = wr_json_fields_new(arena, fields, count, decode->shape, "");
  }
  decode->put = (struct wr_json_put){
      .tape = &decode->tape,
      .reader = {.zone_is_utc = rules->zone_is_utc},
      .fail_on_missing = rules->fail_on_missing,
      .forgive = rules->forgive,
  };
  return decode;
}

void wr_json_decode_free(struct wr_json_decode *decode)
{
  for (uint32_t i = 0; i < decode->column_count; i++)
    wr_builder_close(&decode->builders[i]);
  wr_json_index_free(decode->index);
  wr_json_put_free(&decode->put);
  wr_buffer_free(&decode->gathered);
  wr_buffer_free(&decode->names);
  wr_faults_free(&decode->faults);
  free(decode->row_frame);
  free(decode->row_change);
  wr_arena_free(&decode->call);
  wr_arena_free(&decode->arena);
  free(decode);
}

static void decode_reserve(struct wr_json_decode *decode, uint32_t rows)
{
  if (decode->row_count + rows <= decode->row_capacity)
    return;
  uint32_t capacity = decode->row_capacity ? decode->row_capacity : 64;
  while (capacity < decode->row_count + rows)
    capacity *= 2;
  for (uint32_t i = 0; i < decode->column_count; i++)
    wr_builder_reserve(&decode->builders[i], capacity - decode->row_count);
  decode->row_frame = wr_memory_resize(decode->row_frame, sizeof *decode->row_frame * capacity);
  if (decode->changes)
    decode->row_change = wr_memory_resize(decode->row_change, capacity + WR_PADDING);
  decode->row_capacity = capacity;
}

static void decode_fault(struct wr_json_decode *decode, uint32_t frame, const char *message)
{
  decode->regular = false;
  if (!decode->put.forgive)
    wr_faults_add(&decode->faults, frame, "%s", message);
}

static void decode_fault_of_index(struct wr_json_decode *decode, uint32_t frame,
                                  enum wr_json_index_fault fault)
{
  static const char *const messages[WR_JSON_INDEX_FAULT_COUNT] = {
      [WR_JSON_INDEX_EMPTY] = "the record is empty",
      [WR_JSON_INDEX_STRING] = "the record is not JSON: a string does not end",
      [WR_JSON_INDEX_CONTROL] =
          "the record is not JSON: a control character stands inside a string",
      [WR_JSON_INDEX_UTF8] = "the record is not UTF-8",
      [WR_JSON_INDEX_MEMORY] = "the record is too long for simdjson",
  };
  decode_fault(decode, frame, messages[fault]);
}

/* The object at position `number` says what became of rows. As decode_object. */
static uint32_t decode_change(struct wr_json_decode *decode, uint32_t number, uint32_t frame)
{
  struct wr_json_tape *tape = &decode->tape;
  struct wr_json_image image;
  uint32_t next = wr_json_change_begin(decode->changes, tape, number);
  while (next && wr_json_change_next(decode->changes, tape, &image)) {
    decode_reserve(decode, 1);
    if (!wr_json_image_put(&decode->put, &image, decode->builders))
      return 0;
    decode->row_change[decode->row_count] = (uint8_t)image.change;
    decode->row_frame[decode->row_count++] = frame;
  }
  return wr_json_change_problem(decode->changes) ? 0 : next;
}

/* The object at position `number` has its columns anywhere, and perhaps several rows. As
 * decode_object. */
static uint32_t decode_mapped(struct wr_json_decode *decode, uint32_t number, uint32_t frame)
{
  uint32_t next = wr_json_mapping_begin(decode->mapping, &decode->tape, number);
  while (next && wr_json_mapping_next(decode->mapping)) {
    decode_reserve(decode, 1);
    if (!wr_json_mapping_put(decode->mapping, &decode->put, decode->builders))
      return 0;
    decode->row_frame[decode->row_count++] = frame;
  }
  return next;
}

/* The object at position `number` becomes a row. Returns the number behind it, or 0: see
 * tape->problem, put->failed. */
static inline uint32_t decode_object(struct wr_json_decode *decode, uint32_t number, uint32_t frame)
{
  struct wr_json_tape *tape = &decode->tape;
  if (!decode->fields)
    return decode->changes ? decode_change(decode, number, frame)
                           : decode_mapped(decode, number, frame);
  uint32_t next = wr_json_object_walk(tape, decode->shape, number);
  if (next == 0)
    return 0;
  if (tape->at[next - 1] >= tape->end) {
    tape->problem = "";
    tape->problem_at = tape->end;
    return 0;
  }
  decode_reserve(decode, 1);
  if (!wr_json_fields_put(&decode->put, decode->fields, decode->shape, decode->builders))
    return 0;
  decode->row_frame[decode->row_count++] = frame;
  return next;
}

/* The array of objects whose [ is position `number`. */
static uint32_t decode_array(struct wr_json_decode *decode, uint32_t number, uint32_t frame)
{
  struct wr_json_tape *tape = &decode->tape;
  const char *problem = "an object is expected";
  decode->regular = false;
  number++;
  if (tape->bytes[tape->at[number]] == ']' && tape->at[number] < tape->end)
    return number + 1;
  while (tape->bytes[tape->at[number]] == '{' && tape->at[number] < tape->end) {
    number = decode_object(decode, number, frame);
    if (number == 0)
      return 0;
    char behind = tape->bytes[tape->at[number]];
    if (behind == ']' && tape->at[number] < tape->end)
      return number + 1;
    if (behind != ',') {
      problem = "',' or ']' is expected";
      break;
    }
    number++;
  }
  tape->problem = problem;
  tape->problem_at = tape->at[number];
  return 0;
}

/* All values of a record. Returns the number of the position behind it, or 0. */
static uint32_t decode_record(struct wr_json_decode *decode, uint32_t number, uint32_t frame)
{
  struct wr_json_tape *tape = &decode->tape;
  uint32_t rows = decode->row_count;
  do {
    char c = tape->bytes[tape->at[number]];
    if (c == '{') {
      number = decode_object(decode, number, frame);
    } else if (c == '[') {
      number = decode_array(decode, number, frame);
    } else {
      tape->problem = "an object is expected";
      tape->problem_at = tape->at[number];
      number = 0;
    }
  } while (number && tape->at[number] < tape->end);
  if (decode->row_count != rows + 1)
    decode->regular = false;
  return number;
}

/* Takes back what a bad record has added and says what was wrong. */
static void decode_undo(struct wr_json_decode *decode, uint32_t rows, uint32_t frame)
{
  struct wr_json_tape *tape = &decode->tape;
  for (; decode->row_count > rows; decode->row_count--)
    for (uint32_t i = 0; i < decode->column_count; i++)
      wr_builder_pop(&decode->builders[i]);
  const char *message;
  if (decode->put.failed)
    message = wr_json_put_complain(&decode->put, &decode->call);
  else if (decode->changes && wr_json_change_problem(decode->changes))
    message = wr_json_change_problem(decode->changes);
  else if (tape->problem_at >= tape->end)
    message = "the record is not JSON: it ends too early";
  else
    message = wr_arena_print(&decode->call, "the record is not JSON: at byte %u %s",
                             tape->problem_at - decode->put.begin + 1, tape->problem);
  decode->put.failed = NULL;
  decode_fault(decode, frame, message);
  if (decode->changes)
    wr_json_change_forget(decode->changes);
}

/* The records of a window whose positions have been found; begin: where the first one begins. */
static void decode_records(struct wr_json_decode *decode, const struct json_window *window)
{
  struct wr_json_tape *tape = &decode->tape;
  struct wr_json_put *put = &decode->put;
  uint32_t number = 0, begin = 0;
  for (uint32_t i = 0; i < window->count; i++) {
    const struct wr_frame *frame = &window->frames[i];
    if (!window->gathered)
      begin = (uint32_t)(frame->bytes - window->bytes);
    tape->end = begin + frame->length;
    put->begin = begin;
    put->lent = frame->bytes;
    put->collected_bytes = 0;
    begin = tape->end + 1;
    if (tape->at[number] >= tape->end) {
      decode_fault_of_index(decode, window->first + i, WR_JSON_INDEX_EMPTY);
      continue;
    }
    uint32_t rows = decode->row_count;
    uint32_t next = decode_record(decode, number, window->first + i);
    if (next) {
      number = next;
      continue;
    }
    decode_undo(decode, rows, window->first + i);
    while (tape->at[number] < tape->end)
      number++;
  }
}

static enum wr_json_index_fault decode_index(struct wr_json_decode *decode,
                                             const struct json_window *window)
{
  struct wr_json_tape *tape = &decode->tape;
  uint32_t *at, count;
  enum wr_json_index_fault fault =
      wr_json_index_find(decode->index, window->bytes, window->length, &at, &count);
  if (fault != WR_JSON_INDEX_OK)
    return fault;
  for (uint32_t i = 0; i < WR_JSON_INDEX_SPARE; i++)
    at[count + i] = window->length;
  *tape = (struct wr_json_tape){
      .bytes = window->bytes,
      .at = at,
      .length = window->length,
      .index = decode->index,
      .names = &decode->names,
  };
  wr_json_shape_reset(decode->shape);
  return fault;
}

static void decode_window(struct wr_json_decode *decode, const struct json_window *window)
{
  if (wr_json_index_takes_many(decode->index) && decode_index(decode, window) == WR_JSON_INDEX_OK) {
    decode_records(decode, window);
    return;
  }
  const char *bytes = window->bytes;
  for (uint32_t i = 0; i < window->count; i++) {
    const struct wr_frame *frame = &window->frames[i];
    struct json_window single = {.frames = frame, .first = window->first + i, .count = 1};
    single.gathered = window->gathered;
    single.bytes = window->gathered ? bytes : frame->bytes;
    single.length = frame->length;
    bytes += frame->length + 1;
    enum wr_json_index_fault fault = decode_index(decode, &single);
    if (fault == WR_JSON_INDEX_OK)
      decode_records(decode, &single);
    else
      decode_fault_of_index(decode, single.first, fault);
  }
}

static bool frame_is_closed(const struct wr_frame *frame)
{
  if (frame->length == 0)
    return false;
  char behind = frame->bytes[frame->length]; /* readable, see struct wr_frame */
  return behind == '\n' || behind == '\r';
}

/* True if frame `next` lies right behind `frame`, with nothing but a few blanks between. */
static bool frame_is_followed(const struct wr_frame *frame, const struct wr_frame *next)
{
  uintptr_t end = (uintptr_t)frame->bytes + frame->length, begin = (uintptr_t)next->bytes;
  if (begin <= end || begin - end > WINDOW_GAP_MAX)
    return false;
  const char *gap = frame->bytes + frame->length;
  for (uint32_t i = 0; i < begin - end; i++)
    if (!wr_json_is_blank(gap[i]))
      return false;
  return true;
}

/* As many of the frames as lie together and fill a window; 0: the first one has no blank behind it.
 */
static uint32_t window_lay(struct json_window *window, uint32_t frames_max)
{
  const struct wr_frame *frames = window->frames;
  window->bytes = frames[0].bytes;
  window->gathered = false;
  uint32_t count = 0;
  while (count < frames_max && frame_is_closed(&frames[count])) {
    if (count && !frame_is_followed(&frames[count - 1], &frames[count]))
      break;
    size_t length = (size_t)(frames[count].bytes - window->bytes) + frames[count].length;
    if (count && length > WINDOW_BYTES)
      break;
    window->length = (uint32_t)length;
    count++;
  }
  window->count = count;
  return count;
}

/* Copies frames together, a line break behind each. */
static void window_gather(struct json_window *window, uint32_t frames_max, struct wr_buffer *buffer)
{
  wr_buffer_clear(buffer);
  uint32_t count = 0;
  do {
    const struct wr_frame *frame = &window->frames[count];
    wr_buffer_put(buffer, frame->bytes, frame->length);
    wr_buffer_put_char(buffer, '\n');
    count++;
  } while (count < frames_max && buffer->length + window->frames[count].length < WINDOW_BYTES);
  window->length = (uint32_t)buffer->length - 1;
  wr_buffer_reserve(buffer, WR_PADDING);
  window->bytes = buffer->bytes;
  window->count = count;
  window->gathered = true;
}

void wr_json_decode_run(struct wr_json_decode *decode, const struct wr_frame *frames,
                        uint32_t frame_count, struct wr_decoded *out)
{
  for (uint32_t i = 0; i < decode->column_count; i++)
    wr_builder_reset(&decode->builders[i]);
  wr_arena_reset(&decode->call);
  wr_faults_reset(&decode->faults);
  decode->row_count = 0;
  decode->regular = true;
  decode_reserve(decode, frame_count);
  for (uint32_t first = 0; first < frame_count;) {
    uint32_t left = frame_count - first;
    struct json_window window = {.frames = frames + first, .first = first};
    uint32_t together = window_lay(&window, left);
    if (together < WINDOW_FRAMES_MIN && (together == 0 || together < left))
      window_gather(&window, left, &decode->gathered);
    decode_window(decode, &window);
    first += window.count;
  }
  for (uint32_t i = 0; i < decode->column_count; i++)
    decode->columns[i] = wr_builder_view(&decode->builders[i]);
  *out = (struct wr_decoded){
      .row_count = decode->row_count,
      .columns = decode->columns,
      .row_frame = decode->regular ? NULL : decode->row_frame,
      .change = decode->row_change,
      .faults = decode->faults.list,
      .fault_count = decode->faults.count,
  };
}
