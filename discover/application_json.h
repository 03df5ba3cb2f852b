/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of descriptions. The same thing has several names (ResourceARN, resource_arn), so members
 * are asked for by a list of them; Terraform wraps every block into an array of one, which is taken
 * off; and where a template of CloudFormation has a function instead of a text, it is worked out as
 * far as the template alone allows.
 */
#ifndef WEIR_DISCOVER_APPLICATION_JSON_H
#define WEIR_DISCOVER_APPLICATION_JSON_H

#include <json-c/json.h>

#include "core/arena.h"
#include "core/error.h"

struct wr_description {
  struct json_object *root; /* of a template its functions refer to */
  struct wr_arena *arena;
  const char *unresolved; /* the last function that could not be worked out, as JSON; else NULL */
  uint32_t steps;         /* of functions so far */
};

/* The member of the first of the names (separated by |) that there is and is not null. Arrays of
 * one object are that object. NULL: there is none; object may be NULL. */
struct json_object *wr_description_get(struct json_object *object, const char *names);
/* The same, for members that are lists: an object alone is a list of one. *count of them. */
struct json_object *wr_description_list(struct json_object *object, const char *names,
                                        uint32_t *count);
struct json_object *wr_description_item(struct json_object *list, uint32_t index);

/* A member as text, in the arena. NULL: there is none, it is no text, or description->unresolved.
 */
const char *wr_description_text(struct wr_description *description, struct json_object *object,
                                const char *names);

#endif
