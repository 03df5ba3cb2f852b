/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SET 'key' = 'value': what Weir knows (a table of rows), what it knows to mean something in other
 * systems and can do without (a warning), and what would change results there and is not built here
 * (refused).
 */
#ifndef WEIR_PLANNER_SETTINGS_H
#define WEIR_PLANNER_SETTINGS_H

#include "functions/bind.h"
#include "operators/plan.h"
#include "parser/tree.h"
#include "planner/planner.h"
#include "planner/warning.h"

struct wr_zone;

/* A zone that somebody has asked for. */
struct wr_settings_zone {
  const char *name;
  const struct wr_zone *zone;
  struct wr_settings_zone *next;
};

struct wr_settings {
  struct wr_arena *arena;
  struct wr_option_value *values; /* youngest value of each key */
  uint32_t value_count, value_room;
  uint32_t fixed_count; /* the first ones came from the command line and win */
  struct wr_warning *warnings;
  uint32_t warning_count, warning_room;
  const struct wr_binding *binding; /* what binding expressions depends on, as set now */
  struct wr_settings_zone *zones;
  int64_t frozen_now_us; /* when that was first asked for; 0: it was not */
};

extern const struct wr_option wr_settings_table[];

/* Takes the settings of the command line, which have no place in the text. */
enum wr_code wr_settings_open(struct wr_settings *settings, struct wr_arena *arena,
                              const struct wr_option_value *given, uint32_t given_count,
                              struct wr_error *err);
enum wr_code wr_settings_set(struct wr_settings *settings, const struct wr_tree_option *option,
                             struct wr_error *err);
/* key NULL: forgets everything that the script has set. */
enum wr_code wr_settings_reset(struct wr_settings *settings, const struct wr_tree_text *key,
                               struct wr_error *err);

/* The dialect of a script that does not say it; settings of the script do not change this. */
void wr_settings_assume_kinesis(struct wr_settings *settings);
bool wr_settings_has_dialect(const struct wr_settings *settings);

/* Each sentence at a place once. */
void wr_settings_warn(struct wr_settings *settings, struct wr_span span, const char *sentence);

const char *wr_settings_text(const struct wr_settings *settings, const char *key);
bool wr_settings_bool(const struct wr_settings *settings, const char *key);
int64_t wr_settings_duration_us(const struct wr_settings *settings, const char *key);
uint32_t wr_settings_parallelism(const struct wr_settings *settings);
struct wr_epoch_settings wr_settings_epochs(const struct wr_settings *settings);
enum wr_on_error wr_settings_on_error(const struct wr_settings *settings);

/* A zone by its name: the same one whenever it is asked for. */
enum wr_code wr_settings_zone(struct wr_settings *settings, const char *name,
                              const struct wr_zone **out, struct wr_error *err);

/* "stream", "fail", "skip" */
enum wr_on_error wr_on_error_from_text(const char *text);
extern const char wr_on_error_choices[];

#endif
