/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From framed JSON records to columns. Records are taken in windows: many records that lie one
 * behind the other go through simdjson's first stage at once, which costs much less than one by
 * one. If that stage finds something wrong in a window, its records are taken one by one, so that
 * only the bad ones are lost.
 *
 *   frames -> windows (as they lie, or gathered into one place)        one index per window
 *          -> per record: walk the whole value, note the wanted fields (json_walk)
 *          -> put them into the builders (json_put), or take all rows of the record back and report
 * a fault
 *
 * A record is an object (one row), several of them, or an array of objects.
 */
#ifndef WEIR_FORMATS_JSON_DECODE_H
#define WEIR_FORMATS_JSON_DECODE_H

#include "formats/format.h"

struct wr_json_change_form;  /* formats/json_change.h */
struct wr_json_mapping_plan; /* formats/json_mapping.h */

struct wr_json_decode_rules {
  bool zone_is_utc;
  bool fail_on_missing; /* a field that is not there is a fault, else NULL */
  bool forgive; /* values that do not fit are NULL, bad records are left out without a fault */
  const struct wr_json_change_form *changes;  /* records say what became of a row; NULL: they are
                                                 rows */
  bool wrapped;                               /* inside of changes->wrapper */
  const struct wr_json_mapping_plan *mapping; /* where columns are in the records; NULL: they are
                                                 members of their names */
};

struct wr_json_decode;

struct wr_json_decode *wr_json_decode_new(const struct wr_format_spec *spec,
                                          const struct wr_json_decode_rules *rules,
                                          struct wr_error *err);
void wr_json_decode_free(struct wr_json_decode *decode);
/* As struct wr_format's decode. */
void wr_json_decode_run(struct wr_json_decode *decode, const struct wr_frame *frames,
                        uint32_t frame_count, struct wr_decoded *out);

#endif
