/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. */
#include "formats/json_mapping.h"

#include <assert.h>

#include "core/grow.h"
#include "core/limits.h"
#include "formats/coerce.h"
#include "formats/json_coerce.h"

#define TEXT_OF_(number) #number
#define TEXT_OF(number)  TEXT_OF_(number)

/* An object of which members are wanted. */
struct mapping_node {
  struct mapping_node *parent; /* NULL: the record, or an item of the array */
  uint32_t member;             /* which of the parent's it is */
  const char **names;          /* of its members */
  struct mapping_node **nodes; /* those of them that are objects, else NULL */
  uint32_t count, name_room, node_room;
  struct wr_json_shape *shape;
  bool is_there;             /* in the record that is being read */
  struct mapping_node *next; /* parents stand before their children */
};

/* Where a column's value is. */
struct mapping_column {
  const struct mapping_node *node;
  uint32_t member; /* UINT32_MAX: the object itself */
  bool of_item;
};

struct wr_json_mapping {
  struct wr_arena *arena;
  struct mapping_node *record, *item; /* lists of nodes; item NULL: no array gives rows */
  struct mapping_column *columns;
  uint32_t column_count;
  struct wr_json_coerced *coerced;
  struct mapping_column list; /* the array */
  bool list_is_rows;
  /* of the record that is being read */
  uint32_t record_number; /* where it begins */
  uint32_t item_number;   /* the next item to be a row; 0: none */
  bool is_array;          /* items stand in one, and do not come alone */
  bool is_open;           /* there is a row without an item */
  uint32_t row_count;     /* that were put */
};

static struct mapping_node *node_new(struct wr_arena *arena, struct mapping_node *parent,
                                     uint32_t member)
{
  struct mapping_node *node = WR_NEW(arena, struct mapping_node);
  node->parent = parent;
  node->member = member;
  return node;
}

/* The number of a member, a new one if need be. */
static uint32_t node_member(struct wr_arena *arena, struct mapping_node *node, const char *name)
{
  for (uint32_t i = 0; i < node->count; i++)
    if (strcmp(node->names[i], name) == 0)
      return i;
  node->names = wr_grow(arena, node->names, node->count, &node->name_room, sizeof *node->names);
  node->nodes = wr_grow(arena, node->nodes, node->count, &node->node_room, sizeof *node->nodes);
  node->names[node->count] = name;
  node->nodes[node->count] = NULL;
  return node->count++;
}

/* The object behind a member; new ones go to the end of the list. */
static struct mapping_node *node_child(struct wr_arena *arena, struct mapping_node *list,
                                       struct mapping_node *node, uint32_t member)
{
  if (node->nodes[member])
    return node->nodes[member];
  struct mapping_node *child = node_new(arena, node, member);
  while (list->next)
    list = list->next;
  list->next = child;
  return node->nodes[member] = child;
}

/* Where names[from..count-1] lead, seen from the head of a list. */
static struct mapping_column node_place(struct wr_arena *arena, struct mapping_node *list,
                                        const struct wr_mapping_path *path, uint32_t from)
{
  struct mapping_column place = {.node = list, .member = UINT32_MAX};
  struct mapping_node *node = list;
  for (uint32_t i = from; i < path->count; i++) {
    if (i > from)
      node = node_child(arena, list, node, place.member);
    place.member = node_member(arena, node, path->names[i]);
    place.node = node;
  }
  return place;
}

/* As the walk wants to see it: objects are ROWs, everything else is a text. */
static const struct wr_type *node_type(struct wr_arena *arena, const struct mapping_node *node)
{
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, node->count + 1);
  for (uint32_t i = 0; i < node->count; i++) {
    fields[i].name = node->names[i];
    fields[i].type = node->nodes[i] ? node_type(arena, node->nodes[i]) : &wr_type_string;
  }
  struct wr_type *type = WR_NEW(arena, struct wr_type);
  *type = (struct wr_type){.kind = WR_ROW, .physical = WR_NESTED, .fields = fields};
  type->field_count = node->count; /* may be 0: only the object itself is wanted */
  return type;
}

static struct wr_json_shape *list_shape(struct wr_arena *arena, struct mapping_node *list)
{
  const struct wr_type *type = node_type(arena, list);
  const struct wr_field **fields =
      WR_NEW_ARRAY(arena, const struct wr_field *, type->field_count + 1);
  for (uint32_t i = 0; i < type->field_count; i++)
    fields[i] = &type->fields[i];
  list->shape = wr_json_shape_new(arena, fields, type->field_count);
  for (struct mapping_node *node = list->next; node; node = node->next)
    node->shape = node->parent->shape->nested[node->member];
  return list->shape;
}

struct wr_json_mapping *wr_json_mapping_new(struct wr_arena *arena,
                                            const struct wr_json_mapping_plan *plan,
                                            const struct wr_field *const *fields, uint32_t count)
{
  struct wr_json_mapping *mapping = WR_NEW(arena, struct wr_json_mapping);
  mapping->arena = arena;
  mapping->record = node_new(arena, NULL, 0);
  mapping->columns = WR_NEW_ARRAY(arena, struct mapping_column, count + 1);
  mapping->column_count = count;
  mapping->coerced = wr_json_coerced_new(arena, fields, count);
  mapping->list_is_rows = plan->list_is_rows;
  uint32_t depth = plan->list.count;
  if (depth) {
    mapping->item = node_new(arena, NULL, 0);
    mapping->list = node_place(arena, mapping->record, &plan->list, 0);
  }
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_mapping_path *path = &plan->paths[i];
    bool of_item = depth && wr_mapping_path_equal(&plan->list, path, depth) &&
                   (plan->list_is_rows || path->list == depth);
    mapping->columns[i] = of_item ? node_place(arena, mapping->item, path, depth)
                                  : node_place(arena, mapping->record, path, 0);
    mapping->columns[i].of_item = of_item;
  }
  list_shape(arena, mapping->record);
  if (mapping->item)
    wr_json_shape_link(mapping->record->shape, list_shape(arena, mapping->item));
  return mapping;
}

struct wr_json_shape *wr_json_mapping_shape(struct wr_json_mapping *mapping)
{
  return mapping->record->shape;
}

/* Which objects of a list the last walk has found. The head begins at position `number`. */
static void list_look(struct mapping_node *list)
{
  list->is_there = true;
  for (struct mapping_node *node = list->next; node; node = node->next) {
    uint32_t number =
        node->parent->is_there ? wr_json_shape_find(node->parent->shape, node->member) : 0;
    node->is_there = number && node->shape->begin == number;
  }
}

/* The position of a value; 0: it is not there. */
static uint32_t column_find(const struct mapping_column *column, uint32_t object_number)
{
  if (!column->node->is_there)
    return 0;
  return column->member == UINT32_MAX ? object_number
                                      : wr_json_shape_find(column->node->shape, column->member);
}

uint32_t wr_json_mapping_begin(struct wr_json_mapping *mapping, struct wr_json_tape *tape,
                               uint32_t number)
{
  uint32_t next = wr_json_object_walk(tape, mapping->record->shape, number);
  if (next == 0)
    return 0;
  if (tape->at[next - 1] >= tape->end) {
    tape->problem = "";
    tape->problem_at = tape->end;
    return 0;
  }
  list_look(mapping->record);
  mapping->record_number = number;
  mapping->row_count = 0;
  mapping->item_number = 0;
  mapping->is_open = !mapping->item || !mapping->list_is_rows;
  if (!mapping->item)
    return next;
  uint32_t list = column_find(&mapping->list, number);
  char c = list ? tape->bytes[tape->at[list]] : 'n';
  mapping->is_array = c == '[';
  if (mapping->is_array && tape->bytes[tape->at[list + 1]] != ']')
    mapping->item_number = list + 1;
  if (c == '{')
    mapping->item_number = list;
  return next;
}

bool wr_json_mapping_next(const struct wr_json_mapping *mapping)
{
  return mapping->item_number || (mapping->is_open && mapping->row_count == 0);
}

/* Walks the item that is next, if there is one, and goes to the one behind it. Returns its number,
 * 0: there is none, or it is no object; then its members are not there. */
static uint32_t mapping_take_item(struct wr_json_mapping *mapping, struct wr_json_tape *tape)
{
  uint32_t number = mapping->item_number, next;
  struct mapping_node *item = mapping->item;
  mapping->item_number = 0;
  if (!item)
    return 0;
  for (struct mapping_node *node = item; node; node = node->next)
    node->is_there = false;
  if (number == 0)
    return 0;
  if (tape->bytes[tape->at[number]] == '{') {
    next = wr_json_object_walk(tape, item->shape, number);
    list_look(item);
  } else {
    next = wr_json_value_skip(tape, number);
    wr_json_shape_reset(item->shape);
    item->is_there = true; /* for a column that is the item itself */
  }
  assert(next); /* the walk over the record has seen it whole */
  if (mapping->is_array && tape->bytes[tape->at[next]] == ',')
    mapping->item_number = next + 1;
  return number;
}

/* Puts the value of a column into its builder; as wr_json_field_put. */
static bool mapping_put_column(const struct wr_json_mapping *mapping, struct wr_json_put *put,
                               uint32_t number, uint32_t item_number, struct wr_builder *builder)
{
  const struct mapping_column *column = &mapping->columns[number];
  uint32_t at = column_find(column, column->of_item ? item_number : mapping->record_number);
  return !column->of_item && column->member == UINT32_MAX
             ? wr_json_coerced_put_object(put, mapping->coerced, number, builder, at)
             : wr_json_coerced_put(put, mapping->coerced, number, builder, at);
}

bool wr_json_mapping_put(struct wr_json_mapping *mapping, struct wr_json_put *put,
                         struct wr_builder *builders)
{
  uint32_t item_number = mapping_take_item(mapping, put->tape);
  bool again = mapping->row_count++ > 0;
  if ((uint64_t)mapping->row_count * mapping->column_count > WR_MAPPED_VALUES_MAX) {
    wr_json_coerced_fail(put, mapping->coerced, 0,
                         "is one of more values of one record than the limit WR_MAPPED_VALUES_MAX, "
                         "which is " TEXT_OF(WR_MAPPED_VALUES_MAX));
    return false;
  }
  for (uint32_t i = 0; i < mapping->column_count; i++) {
    if (again && !mapping->columns[i].of_item) {
      wr_coerce_repeat(&builders[i]);
      continue;
    }
    if (mapping_put_column(mapping, put, i, item_number, &builders[i]))
      continue;
    while (i-- > 0)
      wr_builder_pop(&builders[i]);
    return false;
  }
  return true;
}
