/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sending end of an exchange, dressed as an operator: rows go into one page per reading task,
 * chosen by the key group of their hash, and leave when the page is full, before a signal, or when
 * the task would wait. While the task is busy, the watermark waits too, for a few milliseconds at
 * most: rows carry what they know of it, so it only says what can be given out, and every message
 * that a reader is woken for costs both sides some microseconds.
 */
#ifndef WEIR_RUNTIME_EXCHANGE_H
#define WEIR_RUNTIME_EXCHANGE_H

#include "operators/plan.h"
#include "runtime/channel.h"

/* channels: one per copy of the reading group, given to the exchange as a lent array. input: how
 * the rows are spread. changes: rows may take back; then SPREAD sends all of a writer to one
 * reader, so that those of a key stay in their order. */
struct wr_operator *wr_exchange_new(const struct wr_plan_input *input,
                                    struct wr_channel *const *channels, uint32_t channel_count,
                                    const struct wr_page_layout *layout, bool changes,
                                    const struct wr_operator_context *context);

/* Notes whether any reader still needs rows. */
void wr_exchange_look(struct wr_operator *exchange);
/* Sends all that is held back: pages that hold rows, the watermark. WR_STOPPED when the job is
 * being aborted. */
enum wr_code wr_exchange_flush(struct wr_operator *exchange, struct wr_error *err);
/* Flushes, then sends the signal to every reader. */
enum wr_code wr_exchange_signal(struct wr_operator *exchange, enum wr_message_kind kind,
                                int64_t value, struct wr_error *err);

#endif
