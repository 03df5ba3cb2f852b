/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See the header. Of CloudFormation's functions Ref, Fn::GetAtt (of an Arn), Fn::Sub and Fn::Join
 * are understood; a Ref is a parameter's default or the name of a stream. Region and account are
 * not known: they are left empty, so that ARNs keep the names at their ends.
 */
#include "discover/application_json.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "text/buffer.h"

#define FUNCTION_DEPTH_MAX 20
#define FUNCTION_STEPS_MAX 100000 /* of all functions of a template */

static bool resolve(struct wr_description *description, struct json_object *value, int depth,
                    struct wr_buffer *out);

static struct json_object *unwrap(struct json_object *value)
{
  while (json_object_is_type(value, json_type_array) && json_object_array_length(value) == 1 &&
         json_object_is_type(json_object_array_get_idx(value, 0), json_type_object))
    value = json_object_array_get_idx(value, 0);
  return value;
}

static struct json_object *member(struct json_object *object, const char *names)
{
  if (!json_object_is_type(object, json_type_object))
    return NULL;
  while (*names) {
    char name[64];
    size_t length = strcspn(names, "|");
    struct json_object *value;
    assert(length < sizeof name);
    memcpy(name, names, length);
    name[length] = 0;
    names += length + (names[length] == '|');
    if (!json_object_object_get_ex(object, name, &value) || !value)
      continue;
    bool is_empty =
        json_object_is_type(value, json_type_array) && json_object_array_length(value) == 0;
    if (!is_empty)
      return value;
  }
  return NULL;
}

struct json_object *wr_description_get(struct json_object *object, const char *names)
{
  return unwrap(member(object, names));
}

struct json_object *wr_description_list(struct json_object *object, const char *names,
                                        uint32_t *count)
{
  struct json_object *list = member(object, names);
  bool is_array = json_object_is_type(list, json_type_array);
  size_t length = is_array ? json_object_array_length(list) : list != NULL;
  *count = length < UINT32_MAX ? (uint32_t)length : UINT32_MAX;
  return list;
}

struct json_object *wr_description_item(struct json_object *list, uint32_t index)
{
  return unwrap(json_object_is_type(list, json_type_array) ? json_object_array_get_idx(list, index)
                                                           : list);
}

/* ---- functions of templates */

/* The ARN, or the name, of a resource of the template. */
static bool resolve_resource(struct wr_description *description, const char *id, bool arn,
                             int depth, struct wr_buffer *out)
{
  static const struct {
    const char *type, *name, *arn;
  } kinds[] = {
      {"AWS::Kinesis::Stream", "Name", "arn:aws:kinesis:::stream/"},
      {"AWS::KinesisFirehose::DeliveryStream", "DeliveryStreamName",
       "arn:aws:firehose:::deliverystream/"},
      {"AWS::Lambda::Function", "FunctionName", "arn:aws:lambda:::function:"},
      {"AWS::S3::Bucket", "BucketName", "arn:aws:s3:::"},
  };
  struct json_object *resource, *type,
      *resources = wr_description_get(description->root, "Resources");
  if (!json_object_is_type(resources, json_type_object) ||
      !json_object_object_get_ex(resources, id, &resource) ||
      !(type = wr_description_get(resource, "Type")))
    return false;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (strcmp(json_object_get_string(type), kinds[i].type) != 0)
      continue;
    if (arn)
      wr_buffer_put_string(out, kinds[i].arn);
    return resolve(description,
                   wr_description_get(wr_description_get(resource, "Properties"), kinds[i].name),
                   depth, out);
  }
  return false;
}

/* A name as in Ref; or, with .Arn behind it, as in ${...}. */
static bool resolve_name(struct wr_description *description, const char *name, int depth,
                         struct wr_buffer *out)
{
  struct json_object *parameter, *parameters = wr_description_get(description->root, "Parameters");
  if (strcmp(name, "AWS::Region") == 0 || strcmp(name, "AWS::AccountId") == 0)
    return true;
  if (strcmp(name, "AWS::Partition") == 0) {
    wr_buffer_put_string(out, "aws");
    return true;
  }
  if (json_object_is_type(parameters, json_type_object) &&
      json_object_object_get_ex(parameters, name, &parameter))
    return resolve(description, wr_description_get(parameter, "Default"), depth, out);
  size_t length = strlen(name);
  bool arn = length > 4 && strcmp(name + length - 4, ".Arn") == 0;
  const char *id = wr_arena_copy(description->arena, name, arn ? length - 4 : length);
  return resolve_resource(description, id, arn, depth, out);
}

static bool resolve_get_att(struct wr_description *description, struct json_object *value,
                            int depth, struct wr_buffer *out)
{
  if (json_object_is_type(value, json_type_string)) {
    const char *name = json_object_get_string(value), *dot = strrchr(name, '.');
    return dot && strcmp(dot, ".Arn") == 0 && resolve_name(description, name, depth, out);
  }
  if (!json_object_is_type(value, json_type_array) || json_object_array_length(value) != 2)
    return false;
  struct json_object *id = json_object_array_get_idx(value, 0),
                     *attribute = json_object_array_get_idx(value, 1);
  return json_object_is_type(id, json_type_string) &&
         json_object_is_type(attribute, json_type_string) &&
         strcmp(json_object_get_string(attribute), "Arn") == 0 &&
         resolve_resource(description, json_object_get_string(id), true, depth, out);
}

/* "text ${Name}", or that and what some of the names are. */
static bool resolve_sub(struct wr_description *description, struct json_object *value, int depth,
                        struct wr_buffer *out)
{
  struct json_object *text = value, *names = NULL, *own;
  if (json_object_is_type(value, json_type_array)) {
    text = json_object_array_get_idx(value, 0);
    names = json_object_array_get_idx(value, 1);
  }
  if (!json_object_is_type(text, json_type_string))
    return false;
  const char *at = json_object_get_string(text);
  for (;;) {
    const char *open = strstr(at, "${"), *close = open ? strchr(open, '}') : NULL;
    wr_buffer_put(out, at, close ? (size_t)(open - at) : strlen(at));
    if (!close)
      return true;
    at = close + 1;
    const char *name = wr_arena_copy(description->arena, open + 2, (size_t)(close - open - 2));
    bool is_own = json_object_is_type(names, json_type_object) &&
                  json_object_object_get_ex(names, name, &own);
    if (*name == '!')
      wr_buffer_print(out, "${%s}", name + 1);
    else if (is_own ? !resolve(description, own, depth, out)
                    : !resolve_name(description, name, depth, out))
      return false;
  }
}

static bool resolve_join(struct wr_description *description, struct json_object *value, int depth,
                         struct wr_buffer *out)
{
  struct json_object *between = json_object_array_get_idx(value, 0),
                     *list = json_object_array_get_idx(value, 1);
  if (!json_object_is_type(between, json_type_string) ||
      !json_object_is_type(list, json_type_array))
    return false;
  for (size_t i = 0; i < json_object_array_length(list); i++) {
    if (i)
      wr_buffer_put_string(out, json_object_get_string(between));
    if (!resolve(description, json_object_array_get_idx(list, i), depth, out))
      return false;
  }
  return true;
}

/* A text, or a function of which one can be made. */
static bool resolve(struct wr_description *description, struct json_object *value, int depth,
                    struct wr_buffer *out)
{
  struct json_object *argument;
  if (depth > FUNCTION_DEPTH_MAX || out->length > WR_SQL_BYTES_MAX ||
      description->steps++ > FUNCTION_STEPS_MAX)
    return false;
  if (json_object_is_type(value, json_type_string) || json_object_is_type(value, json_type_int)) {
    const char *text = json_object_get_string(value);
    bool is_whole = json_object_is_type(value, json_type_int) ||
                    strlen(text) == (size_t)json_object_get_string_len(value);
    wr_buffer_put_string(out, text);
    return is_whole; /* else there is a NUL in it */
  }
  if (!json_object_is_type(value, json_type_object) || json_object_object_length(value) != 1)
    return false;
  if (json_object_object_get_ex(value, "Ref", &argument))
    return json_object_is_type(argument, json_type_string) &&
           resolve_name(description, json_object_get_string(argument), depth + 1, out);
  if (json_object_object_get_ex(value, "Fn::GetAtt", &argument))
    return resolve_get_att(description, argument, depth + 1, out);
  if (json_object_object_get_ex(value, "Fn::Sub", &argument))
    return resolve_sub(description, argument, depth + 1, out);
  return json_object_object_get_ex(value, "Fn::Join", &argument) &&
         json_object_is_type(argument, json_type_array) &&
         json_object_array_length(argument) == 2 &&
         resolve_join(description, argument, depth + 1, out);
}

const char *wr_description_text(struct wr_description *description, struct json_object *object,
                                const char *names)
{
  struct json_object *value = wr_description_get(object, names);
  struct wr_buffer text = {0};
  description->unresolved = NULL;
  if (!value)
    return NULL;
  const char *copy = NULL;
  if (resolve(description, value, 0, &text))
    copy = wr_arena_copy(description->arena, text.length ? text.bytes : "", text.length);
  else
    description->unresolved =
        wr_arena_print(description->arena, "%.200s",
                       json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
                                                                 JSON_C_TO_STRING_NOSLASHESCAPE));
  wr_buffer_free(&text);
  return copy;
}
