/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See the header. The walk notes where before, after and the word for the change begin; nothing of
 * the rest of the record (source, ts_ms, transaction ...) is looked at. Where the two are arrays
 * their objects are walked in step, one pair at a time, as the images are asked for.
 */
#include "formats/json_change.h"

#include <stdio.h>
#include <string.h>

#include "formats/fault.h"

/* Columns of the envelope's shape. */
enum { ENVELOPE_BEFORE, ENVELOPE_AFTER, ENVELOPE_OP, ENVELOPE_FIELDS };

#define WORD_SHOWN_BYTES 32

struct wr_json_change {
  const struct wr_json_change_form *form;
  struct wr_json_shape *root, *envelope; /* the same, unless it is wrapped */
  struct wr_json_shape *shapes[2];       /* of a row before, after */
  const struct wr_json_field *fields[2];
  enum wr_json_op op;
  uint32_t values[2]; /* where they begin; 0: not there, or null. Lists: their current item */
  bool has_item;      /* lists: there is one at the current place */
  uint32_t emitted;   /* images of the current pair */
  char problem[200];  /* empty: none */
};

static const struct wr_type *change_row_type(struct wr_arena *arena,
                                             const struct wr_field *const *fields, uint32_t count)
{
  struct wr_type *type = WR_NEW(arena, struct wr_type);
  struct wr_field *copies = WR_NEW_ARRAY(arena, struct wr_field, count + 1);
  for (uint32_t i = 0; i < count; i++)
    copies[i] = *fields[i];
  *type = (struct wr_type){.kind = WR_ROW, .fields = copies, .field_count = count};
  return type;
}

struct wr_json_change *wr_json_change_new(struct wr_arena *arena,
                                          const struct wr_json_change_form *form, bool wrapped,
                                          const struct wr_field *const *fields, uint32_t count)
{
  struct wr_json_change *change = WR_NEW(arena, struct wr_json_change);
  const struct wr_type *row = change_row_type(arena, fields, count);
  const struct wr_type *image = form->lists ? &wr_type_string : row;
  const struct wr_field envelope[ENVELOPE_FIELDS] = {
      [ENVELOPE_BEFORE] = {.name = form->before, .type = image},
      [ENVELOPE_AFTER] = {.name = form->after, .type = image},
      [ENVELOPE_OP] = {.name = form->op, .type = &wr_type_string}};
  const struct wr_field *parts[ENVELOPE_FIELDS];
  for (uint32_t i = 0; i < ENVELOPE_FIELDS; i++)
    parts[i] = &envelope[i];
  const struct wr_field wrapper = {.name = form->wrapper,
                                   .type = change_row_type(arena, parts, ENVELOPE_FIELDS)};
  const struct wr_field *const outer[] = {&wrapper};
  change->form = form;
  change->root = wrapped ? wr_json_shape_new(arena, outer, 1)
                         : wr_json_shape_new(arena, parts, ENVELOPE_FIELDS);
  change->envelope = wrapped ? change->root->nested[0] : change->root;
  for (uint32_t side = 0; side < 2; side++) {
    change->shapes[side] =
        form->lists ? wr_json_shape_new(arena, fields, count) : change->envelope->nested[side];
    if (form->lists)
      wr_json_shape_link(change->root, change->shapes[side]);
    change->fields[side] =
        wr_json_fields_new(arena, fields, count, change->shapes[side],
                           wr_arena_print(arena, "%s.", side ? form->after : form->before));
  }
  return change;
}

struct wr_json_shape *wr_json_change_shape(struct wr_json_change *change)
{
  return change->root;
}

const char *wr_json_change_problem(const struct wr_json_change *change)
{
  return *change->problem ? change->problem : NULL;
}

void wr_json_change_forget(struct wr_json_change *change)
{
  *change->problem = '\0';
}

static char change_char(const struct wr_json_tape *tape, uint32_t number)
{
  return tape->bytes[tape->at[number]];
}

/* Where before or after begins; 0: it is not there, or null. *good false: it is something else than
 * it should be. */
static uint32_t change_find(struct wr_json_change *change, const struct wr_json_tape *tape,
                            uint32_t side, bool *good)
{
  uint32_t number = wr_json_shape_find(change->envelope, side);
  char first = number ? change_char(tape, number) : 'n';
  *good = first == 'n' || first == (change->form->lists ? '[' : '{');
  if (!*good)
    snprintf(change->problem, sizeof change->problem, "'%s' is no %s",
             side == ENVELOPE_AFTER ? change->form->after : change->form->before,
             change->form->lists ? "array" : "object");
  return first == 'n' ? 0 : number;
}

/* "'op' is 'x', but must be c, r, u or d" */
static bool change_refuse_word(struct wr_json_change *change, const char *word, uint32_t length)
{
  const struct wr_json_change_form *form = change->form;
  uint32_t shown = length < WORD_SHOWN_BYTES ? length : WORD_SHOWN_BYTES;
  int at = snprintf(change->problem, sizeof change->problem, "'%s' is %s, but must be one of",
                    form->op, wr_excerpt_make(word, shown).text);
  for (uint32_t w = 0; form->words[w].word && at > 0 && (size_t)at < sizeof change->problem; w++)
    at += snprintf(change->problem + at, sizeof change->problem - (size_t)at, "%s %s", w ? "," : "",
                   form->words[w].word);
  return false;
}

static bool change_read_op(struct wr_json_change *change, const struct wr_json_tape *tape)
{
  const struct wr_json_change_form *form = change->form;
  uint32_t number = wr_json_shape_find(change->envelope, ENVELOPE_OP);
  if (number == 0) {
    snprintf(change->problem, sizeof change->problem, "the record has no '%s'", form->op);
    return false;
  }
  const char *word = tape->bytes + tape->at[number];
  uint32_t length = wr_json_token_length(tape, number, number + 1);
  if (*word != '"' || length < 2)
    return change_refuse_word(change, word, length);
  for (const struct wr_json_op_word *known = form->words; known->word; known++)
    if (strlen(known->word) == length - 2 && memcmp(known->word, word + 1, length - 2) == 0) {
      change->op = known->op;
      return true;
    }
  return change_refuse_word(change, word, length);
}

/* The image that must be there is not. */
static bool change_lacks(struct wr_json_change *change, uint32_t side)
{
  const struct wr_json_change_form *form = change->form;
  static const char *const ops[] = {[WR_JSON_OP_INSERT] = "a row that comes",
                                    [WR_JSON_OP_UPDATE] = "an update",
                                    [WR_JSON_OP_DELETE] = "a row that is deleted",
                                    [WR_JSON_OP_NOTHING] = "nothing"};
  bool hints = side == ENVELOPE_BEFORE && form->no_before;
  snprintf(change->problem, sizeof change->problem, "'%s' of %s is NULL%s%s",
           side == ENVELOPE_AFTER ? form->after : form->before, ops[change->op], hints ? ": " : "",
           hints ? form->no_before : "");
  return false;
}

/* Which images the change needs. */
static bool change_needs(const struct wr_json_change *change, uint32_t side)
{
  if (change->op == WR_JSON_OP_NOTHING)
    return false;
  if (side == ENVELOPE_AFTER)
    return change->op != WR_JSON_OP_DELETE || change->form->partial;
  return change->op == WR_JSON_OP_UPDATE ||
         (change->op == WR_JSON_OP_DELETE && !change->form->partial);
}

uint32_t wr_json_change_begin(struct wr_json_change *change, struct wr_json_tape *tape,
                              uint32_t number)
{
  bool good = true;
  *change->problem = '\0';
  change->emitted = 0;
  change->op = WR_JSON_OP_NOTHING;
  uint32_t next = wr_json_object_walk(tape, change->root, number);
  if (next == 0)
    return 0;
  if (tape->at[next - 1] >= tape->end) {
    tape->problem = "";
    tape->problem_at = tape->end;
    return 0;
  }
  if (change->root != change->envelope) {
    uint32_t inside = wr_json_shape_find(change->root, 0);
    if (!inside || change_char(tape, inside) != '{') {
      snprintf(change->problem, sizeof change->problem, "the record has no object '%s'",
               change->form->wrapper);
      return 0;
    }
  }
  if (!change_read_op(change, tape))
    return 0;
  for (uint32_t side = 0; side < 2 && good; side++) {
    change->values[side] = 0;
    if (change_needs(change, side)) {
      change->values[side] = change_find(change, tape, side, &good);
      good = good && (change->values[side] || change_lacks(change, side));
    }
  }
  change->has_item = !change->form->lists && change->op != WR_JSON_OP_NOTHING;
  if (!good)
    return 0;
  for (uint32_t side = 0; side < 2 && change->form->lists; side++)
    change->values[side] += change->values[side] > 0;
  return next;
}

/* ---- lists */

/* The object of one list at the current place is walked; false: there is none. */
static bool change_walk_item(struct wr_json_change *change, struct wr_json_tape *tape,
                             uint32_t side, bool *is_end)
{
  uint32_t number = change->values[side];
  *is_end = change_char(tape, number) == ']';
  if (*is_end)
    return true;
  if (change_char(tape, number) != '{') {
    snprintf(change->problem, sizeof change->problem, "an item of '%s' is no object",
             side == ENVELOPE_AFTER ? change->form->after : change->form->before);
    return false;
  }
  uint32_t next = wr_json_object_walk(tape, change->shapes[side], number);
  if (next == 0) {
    snprintf(change->problem, sizeof change->problem, "%s", tape->problem);
    return false;
  }
  change->values[side] = next + (change_char(tape, next) == ',');
  return true;
}

/* The next pair of items; false: there is none, or they do not go together. */
static bool change_next_item(struct wr_json_change *change, struct wr_json_tape *tape)
{
  bool ends[2] = {true, true}, any = false;
  for (uint32_t side = 0; side < 2; side++) {
    if (!change->values[side])
      continue;
    if (!change_walk_item(change, tape, side, &ends[side]))
      return false;
    any = any || !ends[side];
  }
  for (uint32_t side = 0; side < 2 && any; side++)
    if (change->values[side] && ends[side]) {
      snprintf(change->problem, sizeof change->problem, "'%s' and '%s' are not of the same length",
               change->form->before, change->form->after);
      return false;
    }
  change->emitted = 0;
  return any;
}

/* ---- images */

static struct wr_json_image change_image(const struct wr_json_change *change, enum wr_change kind)
{
  bool takes_back = (kind & WR_DELETE) != 0;
  uint32_t side = takes_back && !change->form->partial ? ENVELOPE_BEFORE : ENVELOPE_AFTER;
  struct wr_json_image image = {
      .change = kind, .fields = change->fields[side], .shape = change->shapes[side]};
  if (change->form->partial && kind == WR_UPDATE_BEFORE) {
    image.over_fields = change->fields[ENVELOPE_BEFORE];
    image.over = change->shapes[ENVELOPE_BEFORE];
  }
  return image;
}

bool wr_json_change_next(struct wr_json_change *change, struct wr_json_tape *tape,
                         struct wr_json_image *image)
{
  uint32_t per_item = change->op == WR_JSON_OP_UPDATE ? 2 : 1;
  if (change->op == WR_JSON_OP_NOTHING)
    return false;
  if (change->form->lists && (!change->has_item || change->emitted == per_item))
    change->has_item = change_next_item(change, tape);
  if (!change->has_item || change->emitted == per_item)
    return false;
  enum wr_change kind = change->op == WR_JSON_OP_INSERT   ? WR_INSERT
                        : change->op == WR_JSON_OP_DELETE ? WR_DELETE
                        : change->emitted == 0            ? WR_UPDATE_BEFORE
                                                          : WR_UPDATE_AFTER;
  *image = change_image(change, kind);
  change->emitted++;
  return true;
}

bool wr_json_image_put(struct wr_json_put *put, const struct wr_json_image *image,
                       struct wr_builder *builders)
{
  if (!image->over)
    return wr_json_fields_put(put, image->fields, image->shape, builders);
  for (uint32_t i = 0; i < image->shape->column_count; i++) {
    uint32_t number = wr_json_shape_find(image->over, i);
    const struct wr_json_field *field = number ? &image->over_fields[i] : &image->fields[i];
    if (number == 0)
      number = wr_json_shape_find(image->shape, i);
    if (wr_json_field_put(put, field, &builders[i], number))
      continue;
    while (i-- > 0)
      wr_builder_pop(&builders[i]);
    return false;
  }
  return true;
}
