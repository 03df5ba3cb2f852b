/* SPDX-License-Identifier: Apache-2.0 */
/* A list of objects: scripts declare tens of them, and the nearest name needs them all anyway. */
#include "planner/catalogue.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#define CATALOGUE_NEAREST_MAX 1000 /* names compared for a hint */

static const char catalogue_rejects[] = "error_stream";

void wr_catalogue_open(struct wr_catalogue *catalogue, struct wr_arena *arena)
{
  struct wr_object *rejects = WR_NEW(arena, struct wr_object);
  rejects->kind = WR_OBJECT_REJECTS;
  rejects->name = catalogue_rejects;
  *catalogue = (struct wr_catalogue){.arena = arena, .first = rejects};
}

const struct wr_object *wr_catalogue_find(const struct wr_catalogue *catalogue, const char *name)
{
  for (const struct wr_object *object = catalogue->first; object; object = object->next)
    if (strcmp(object->name, name) == 0)
      return object;
  return NULL;
}

/* The last part; what stands before it must be Flink's names of the default place. */
enum wr_code wr_catalogue_plain_name(const struct wr_tree_name *name, const char **plain,
                                     struct wr_error *err)
{
  static const char *const places[] = {"default_database", "default_catalog"};
  assert(name->parts.count > 0);
  uint32_t last = name->parts.count - 1;
  *plain = name->parts.items[last]->text;
  for (uint32_t i = 0; i < last; i++) {
    const struct wr_tree_identifier *part = name->parts.items[last - 1 - i];
    if (i < 2 && strcmp(part->text, places[i]) == 0)
      continue;
    wr_fail_at(err, WR_UNSUPPORTED, part->span, "there is no catalogue or database '%s'",
               part->text);
    wr_state(err, WR_STATE_UNDEFINED_OBJECT);
    return wr_hint(err, "all tables are in default_catalog.default_database; write only '%s'",
                   *plain);
  }
  return WR_OK;
}

enum wr_code wr_catalogue_get(const struct wr_catalogue *catalogue, const struct wr_tree_name *name,
                              const struct wr_object **out, struct wr_error *err)
{
  const char *plain;
  enum wr_code code = wr_catalogue_plain_name(name, &plain, err);
  if (code)
    return code;
  *out = wr_catalogue_find(catalogue, plain);
  if (*out)
    return WR_OK;
  const char *names[CATALOGUE_NEAREST_MAX];
  uint32_t count = 0;
  for (const struct wr_object *object = catalogue->first; object && count < CATALOGUE_NEAREST_MAX;
       object = object->next)
    names[count++] = object->name;
  wr_fail_at(err, WR_SEMANTIC, name->span, "there is no %s '%s'",
             catalogue->kinesis ? "table, view or stream" : "table or view", plain);
  wr_state(err,
           wr_catalogue_has_failed(catalogue, plain) ? WR_STATE_FOLLOWS : WR_STATE_UNDEFINED_TABLE);
  const char *near = wr_nearest(plain, names, count);
  if (near)
    wr_hint(err, "did you mean '%s'?", near);
  else if (catalogue->kinesis)
    wr_hint(
        err,
        "inputs stand in the description of an application, which weir run takes too; or declare "
        "this one: CREATE STREAM \"%s\" (...) WITH ('connector' = '...')",
        plain);
  else if (count == 1)
    wr_hint(err,
            "declare it before this statement: CREATE TABLE %s (...) WITH ('connector' = '...')",
            plain);
  return err->code;
}

void wr_catalogue_remove(struct wr_catalogue *catalogue, const struct wr_object *object)
{
  for (struct wr_object **link = &catalogue->first; *link; link = &(*link)->next) {
    if (*link == object) {
      *link = object->next;
      return;
    }
  }
  assert(!"the object is in the catalogue");
}

enum wr_code wr_catalogue_may_create(struct wr_catalogue *catalogue,
                                     const struct wr_tree_name *name, bool if_not_exists,
                                     bool or_replace, bool *create, const char **plain,
                                     struct wr_error *err)
{
  enum wr_code code = wr_catalogue_plain_name(name, plain, err);
  if (code)
    return code;
  const struct wr_object *old = wr_catalogue_find(catalogue, *plain);
  *create = !old || or_replace;
  if (!old)
    return WR_OK;
  if (old->kind == WR_OBJECT_REJECTS) {
    wr_fail_at(err, WR_SEMANTIC, name->span,
               "'%s' is the built-in stream of rejected rows and cannot be created", *plain);
    return wr_state(err, WR_STATE_RESERVED_NAME);
  }
  if (or_replace) {
    wr_catalogue_remove(catalogue, old);
    return WR_OK;
  }
  if (if_not_exists)
    return WR_OK;
  wr_fail_at(err, WR_SEMANTIC, name->span, "a %s '%s' exists already", wr_object_what(old), *plain);
  return wr_state(err, WR_STATE_DUPLICATE_TABLE);
}

static struct wr_object *catalogue_add(struct wr_catalogue *catalogue, enum wr_object_kind kind,
                                       const char *name)
{
  assert(!wr_catalogue_find(catalogue, name));
  struct wr_object *object = WR_NEW(catalogue->arena, struct wr_object);
  object->kind = kind;
  object->name = name;
  object->next = catalogue->first;
  catalogue->first = object;
  return object;
}

void wr_catalogue_add_table(struct wr_catalogue *catalogue, const struct wr_table *table)
{
  catalogue_add(catalogue, WR_OBJECT_TABLE, table->name)->table = table;
}

void wr_catalogue_add_view(struct wr_catalogue *catalogue, const struct wr_view *view)
{
  catalogue_add(catalogue, WR_OBJECT_VIEW, view->name)->view = view;
}

void wr_catalogue_add_stream(struct wr_catalogue *catalogue, const struct wr_app_stream *stream)
{
  struct wr_object *object = catalogue_add(catalogue, WR_OBJECT_STREAM, stream->name);
  object->stream = stream;
  object->table = stream->table ? stream->table : stream->shape;
}

const char *wr_object_what(const struct wr_object *object)
{
  static const char *const whats[] = {[WR_OBJECT_TABLE] = "table",
                                      [WR_OBJECT_VIEW] = "view",
                                      [WR_OBJECT_REJECTS] = "built-in stream of rejected rows",
                                      [WR_OBJECT_STREAM] = "stream"};
  return whats[object->kind];
}

const struct wr_schema *wr_object_schema(const struct wr_object *object, bool kinesis)
{
  return object->table                    ? &object->table->row
         : object->kind == WR_OBJECT_VIEW ? &object->view->schema
         : kinesis                        ? &wr_app_rejects_schema
                                          : &wr_error_stream_schema;
}

enum wr_code wr_catalogue_drop(struct wr_catalogue *catalogue, const struct wr_tree_drop *drop,
                               struct wr_error *err)
{
  const char *plain;
  enum wr_code code = wr_catalogue_plain_name(&drop->name, &plain, err);
  if (code)
    return code;
  const struct wr_object *object = wr_catalogue_find(catalogue, plain);
  if (!object && drop->if_exists)
    return WR_OK;
  if (!object && (code = wr_catalogue_get(catalogue, &drop->name, &object, err)) != WR_OK)
    return code;
  if (object->kind == WR_OBJECT_REJECTS) {
    wr_fail_at(err, WR_SEMANTIC, drop->name.span, "the built-in stream '%s' cannot be dropped",
               plain);
    return wr_state(err, WR_STATE_RESERVED_NAME);
  }
  bool is_view = object->kind == WR_OBJECT_VIEW, is_stream = object->kind == WR_OBJECT_STREAM;
  if (is_stream || is_view != (drop->object == WR_TREE_OBJECT_VIEW)) {
    wr_fail_at(err, WR_SEMANTIC, drop->name.span, "'%s' is a %s", plain, wr_object_what(object));
    wr_state(err, WR_STATE_WRONG_OBJECT_TYPE);
    if (is_stream)
      return wr_hint(err, "leave it out, or write CREATE OR REPLACE STREAM %s", plain);
    return wr_hint(err, "write DROP %s %s", is_view ? "VIEW" : "TABLE", plain);
  }
  wr_catalogue_remove(catalogue, object);
  return WR_OK;
}

void wr_catalogue_replace(struct wr_catalogue *catalogue, const struct wr_object *old,
                          const char *name, const struct wr_table *table,
                          const struct wr_view *view)
{
  assert(!table != !view);
  struct wr_object *object = catalogue->first;
  while (object != old)
    object = object->next;
  object->kind = table ? WR_OBJECT_TABLE : WR_OBJECT_VIEW;
  object->name = name;
  object->table = table;
  object->view = view;
}

/* ---- functions: a list whose items never change, since bodies hold on to it */

const struct wr_user_function *wr_catalogue_find_function(const struct wr_catalogue *catalogue,
                                                          const char *name)
{
  for (const struct wr_user_function *function = catalogue->functions; function;
       function = function->next)
    if (strcasecmp(function->name, name) == 0)
      return function;
  return NULL;
}

void wr_catalogue_put_function(struct wr_catalogue *catalogue, struct wr_user_function *function,
                               const struct wr_user_function *old)
{
  if (old)
    wr_catalogue_drop_function(catalogue, old);
  function->next = catalogue->functions;
  catalogue->functions = function;
}

void wr_catalogue_drop_function(struct wr_catalogue *catalogue,
                                const struct wr_user_function *function)
{
  const struct wr_user_function *list = NULL, *item;
  struct wr_user_function *last = NULL;
  for (item = catalogue->functions; item != function; item = item->next) {
    struct wr_user_function *copy = WR_NEW(catalogue->arena, struct wr_user_function);
    *copy = *item;
    if (last)
      last->next = copy;
    else
      list = copy;
    last = copy;
  }
  if (last)
    last->next = function->next;
  catalogue->functions = list ? list : function->next;
}

const char *wr_catalogue_nearest_function(const struct wr_catalogue *catalogue, const char *name)
{
  const char *names[CATALOGUE_NEAREST_MAX];
  uint32_t count = 0;
  for (const struct wr_user_function *function = catalogue->functions;
       function && count + 1 < CATALOGUE_NEAREST_MAX; function = function->next)
    names[count++] = function->name;
  const char *built_in = wr_function_nearest(name);
  if (built_in)
    names[count++] = built_in;
  return wr_nearest(name, names, count);
}

/* ---- names whose declaration failed */

void wr_catalogue_note_failed(struct wr_catalogue *catalogue, const char *name)
{
  struct wr_failed_name *failed = WR_NEW(catalogue->arena, struct wr_failed_name);
  *failed = (struct wr_failed_name){.name = name, .next = catalogue->failed};
  catalogue->failed = failed;
}

bool wr_catalogue_has_failed(const struct wr_catalogue *catalogue, const char *name)
{
  for (const struct wr_failed_name *failed = catalogue->failed; failed; failed = failed->next)
    if (strcasecmp(failed->name, name) == 0)
      return true;
  return false;
}
