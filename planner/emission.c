/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clause says more than the settings, and they are held against each other: a delay must be
 * there if it is to count, and rows can only be late firings if they are let in. Windows of
 * processing time know no late rows, so that half of the settings means nothing to them.
 */
#include "planner/emission.h"

#include "planner/window_lengths.h"

static const char emission_early[] = "table.exec.emit.early-fire.enabled",
                  emission_early_delay[] = "table.exec.emit.early-fire.delay",
                  emission_late[] = "table.exec.emit.late-fire.enabled",
                  emission_late_delay[] = "table.exec.emit.late-fire.delay",
                  emission_lateness[] = "table.exec.emit.allow-lateness";

static enum wr_code emission_fail_missing(const char *enabled, const char *missing,
                                          struct wr_span at, struct wr_error *err)
{
  wr_fail_at(err, WR_SEMANTIC, at, "'%s' is true, but '%s' is not set", enabled, missing);
  wr_state(err, WR_STATE_INVALID_OPTION_VALUE);
  return wr_hint(err, "for example SET '%s' = '1 min'%s", missing,
                 missing == emission_lateness ? "" : "; '0 ms' stands for every change");
}

static enum wr_code emission_of_settings(const struct wr_settings *settings, bool by_clock,
                                         struct wr_span at, struct wr_window_emit *out,
                                         struct wr_error *err)
{
  if (wr_settings_bool(settings, emission_early)) {
    if (!wr_settings_text(settings, emission_early_delay))
      return emission_fail_missing(emission_early, emission_early_delay, at, err);
    out->early_us = wr_settings_duration_us(settings, emission_early_delay);
  }
  if (by_clock)
    return WR_OK;
  out->lateness_us = wr_settings_duration_us(settings, emission_lateness);
  if (!wr_settings_bool(settings, emission_late)) {
    out->late_us = out->lateness_us ? 0 : WR_EMIT_NEVER;
    return WR_OK;
  }
  if (!wr_settings_text(settings, emission_late_delay))
    return emission_fail_missing(emission_late, emission_late_delay, at, err);
  if (out->lateness_us == 0)
    return emission_fail_missing(emission_late, emission_lateness, at, err);
  out->late_us = wr_settings_duration_us(settings, emission_late_delay);
  return WR_OK;
}

enum wr_code wr_check_no_emission(const struct wr_tree_select *tree, struct wr_error *err)
{
  if (tree->emit_span.length == 0)
    return WR_OK;
  wr_fail_at(err, WR_UNSUPPORTED, tree->emit_span,
             "EMIT says when the results of windows come, and this SELECT does not group by one");
  return wr_hint(err, "group by window_start, window_end of a window in FROM, or by "
                      "TUMBLE(ts, INTERVAL '1' MINUTE)");
}

static enum wr_code emission_fail_session(const struct wr_tree_select *tree, struct wr_span at,
                                          struct wr_error *err)
{
  bool is_clause = tree->emit_span.length > 0;
  wr_fail_at(err, WR_UNSUPPORTED, is_clause ? tree->emit_span : at,
             "%s windows have one result, when they close: %s cannot make it come early or again",
             tree->stagger ? "STAGGER" : "SESSION",
             is_clause ? "EMIT" : "SET 'table.exec.emit...'");
  return wr_hint(err, is_clause ? "leave EMIT out, or use TUMBLE, HOP or CUMULATE"
                                : "RESET the settings before this statement");
}

enum wr_code wr_bind_emission(const struct wr_binder *binder, const struct wr_tree_select *tree,
                              const struct wr_window_origin *origin, struct wr_span at,
                              struct wr_window_emit *out, struct wr_error *err)
{
  *out = (struct wr_window_emit){.early_us = WR_EMIT_NEVER, .late_us = WR_EMIT_NEVER};
  if (!origin)
    return wr_check_no_emission(tree, err);
  enum wr_code code = emission_of_settings(binder->settings, origin->window.by_clock, at, out, err);
  if (code)
    return code;
  if (tree->emit_every)
    code = wr_window_interval(binder, tree->emit_every, "time of EMIT EVERY", true, &out->early_us,
                              err);
  else if (tree->emit_span.length)
    out->early_us = 0;
  bool moves = origin->window.kind == WR_WINDOW_SESSION || origin->window.kind == WR_WINDOW_STAGGER;
  if (code == WR_OK && moves && !wr_emit_is_plain(out))
    return emission_fail_session(tree, at, err);
  return code;
}
