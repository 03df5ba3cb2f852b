/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a session operator that wait until it is known which came first. */
#ifndef WEIR_OPERATORS_SESSION_WAIT_H
#define WEIR_OPERATORS_SESSION_WAIT_H

#include "operators/session_state.h"

struct wr_session_wait *wr_session_wait_new(const struct wr_session_spec *spec);
void wr_session_wait_free(struct wr_session_wait *wait);
uint64_t wr_session_wait_rows(const struct wr_session_wait *wait);
uint64_t wr_session_wait_bytes(const struct wr_session_wait *wait);
enum wr_code wr_session_wait_add(struct wr_session_operator *self, const struct wr_batch *batch,
                                 struct wr_error *err);
/* Hands on what a watermark lets go, before it closes anything. */
enum wr_code wr_session_wait_pass(struct wr_session_operator *self, int64_t watermark_us,
                                  struct wr_error *err);
/* As wr_over_waiting_save, save_to and save_step. NULL: nothing waits. */
void wr_session_wait_save(struct wr_session_wait *wait);
void wr_session_wait_save_to(struct wr_session_wait *wait, struct wr_part_writer *part);
bool wr_session_wait_save_step(struct wr_session_wait *wait);
/* all_aside: the part has it all in one byte string. */
enum wr_code wr_session_wait_load(struct wr_session_operator *self, bool all_aside,
                                  struct wr_part_reader *part, struct wr_error *err);

#endif
