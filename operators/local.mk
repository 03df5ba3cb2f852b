# SPDX-License-Identifier: Apache-2.0
# operators_table: one file per operator class, named as it is (operators/filter.c: wr_operator_class_filter).
operators_table = operators/distinct.c operators/expand.c operators/filter.c operators/fold.c operators/group.c operators/join.c operators/limit.c operators/lookup.c operators/match.c operators/materialize.c operators/model.c operators/over.c operators/project.c operators/rank.c operators/rank_local.c operators/session.c operators/sort.c operators/temporal_join.c operators/union.c operators/unnest.c operators/values.c operators/watermark.c \
	operators/window_aggregate.c operators/window_assign.c operators/window_join.c
libweir_a_SOURCES += $(operators_table) operators/clock.c operators/clock.h operators/frame.c operators/frame.h operators/frame_all.c operators/frame_inner.h operators/frame_saved.c operators/frame_saved.h operators/group_output.c operators/group_rows.c operators/group_state.h operators/gone_rows.c operators/gone_rows.h operators/kept_rows.c operators/kept_rows.h operators/over_anew.c \
	operators/over_output.c operators/over_own.c operators/over_plan.c operators/over_queue.c operators/over_queue.h operators/over_rows.c operators/over_running.c \
	operators/over_state.h operators/over_waiting.c operators/over_waiting.h \
	operators/sort_order.c operators/sort_order.h operators/operator.c operators/operator.h operators/plan.h operators/rank_all.c operators/rank_changes.c operators/rank_emit.c operators/rank_lists.c operators/rank_sorted.c operators/rank_sorted.h operators/rank_state.h operators/rank_ties.c \
	operators/result_rows.c operators/result_rows.h operators/row_groups.c operators/row_groups.h operators/row_list.c operators/row_list.h operators/session_fire.c operators/session_join.c operators/session_lists.c \
	operators/session_rows.c operators/session_state.h operators/session_states.c operators/session_values.c operators/session_wait.c operators/session_wait.h \
	operators/specs.h operators/specs_group.h operators/specs_rows.h operators/window_emit.c operators/window_emit.h operators/window_fire.c operators/window_output.c operators/window_join.h operators/window_join_fire.c operators/window_ring.c operators/window_ring.h operators/window_rows.c operators/window_rows.h operators/window_slices.c operators/window_snapshot.c \
	operators/window_slices.h operators/window_state.h operators/window_time.c operators/window_time.h
libweir_a_SOURCES += operators/reference.c operators/reference.h operators/specs_lookup.h
libweir_a_SOURCES += operators/join_emit.c operators/join_fold.c operators/join_index.c operators/join_lists.c operators/join_save.c operators/join_state.h operators/join_steps.h operators/join_times.c operators/join_ttl.c
libweir_a_SOURCES += operators/specs_changes.h
libweir_a_SOURCES += operators/rank_ttl.c operators/ttl.c operators/ttl.h operators/ttl_rows.c
libweir_a_SOURCES += operators/specs_temporal.h operators/temporal_emit.c operators/temporal_state.h operators/temporal_versions.c
libweir_a_SOURCES += operators/match_output.c operators/match_plan.c operators/match_plan.h operators/match_rows.c operators/match_run.c operators/match_state.h operators/match_values.c operators/match_work.c
libweir_a_SOURCES += operators/specs_match.h
libweir_a_SOURCES += operators/cut_forest.c operators/cut_forest.h operators/cut_tree.c operators/cut_tree.h operators/hotspots.c operators/hotspots.h operators/model_forest.c operators/model_hotspots.c operators/model_state.h operators/specs_model.h
