# SPDX-License-Identifier: Apache-2.0
# rules_table: one rewrite rule per file, in the order in which they run; planner/rules.c reads
# planner/table.inc made from it.
rules_table = planner/simplify_filters.c planner/rank_maxima.c planner/push_filters.c planner/fold_windows.c \
	planner/merge_projects.c planner/drop_projects.c planner/prune_columns.c planner/merge_distincts.c \
	planner/share_equals.c
libweir_a_SOURCES += $(rules_table)

libweir_a_SOURCES += planner/bind_call.c planner/bind_aggregate.c planner/bind_expression.c planner/bind_from.c planner/bind_function.c \
	planner/bind_group.c planner/bind_group_output.c planner/bind_group_step.c planner/bind_group_window.c planner/bind_item_windows.c planner/item_windows.h planner/bind_stream_order.c planner/stream_order.h planner/monotonic.c planner/monotonic.h planner/bind_console.c planner/bind_insert.c planner/bind_interval.c planner/bind_join.c planner/bind_json.c planner/bind_filter.c planner/bind_filter.h planner/bind_frame.c planner/bind_order.c planner/bind_over.c planner/bind_over.h planner/bind_rank.c planner/bind_where.c planner/bind_window_join.c planner/over_nodes.c planner/check_over.c planner/bind_subquery.c planner/bind_query.c planner/bind_intersect.c planner/bind_set.c planner/bind_set.h \
	planner/bind_type.c planner/bind_window.c planner/emission.c planner/emission.h planner/group.h planner/grouping.c planner/grouping.h planner/binder.h planner/program_builder.h planner/catalogue.c \
	planner/catalogue.h planner/check_changes.c planner/check_watermark.c planner/declare.c planner/describe.c planner/describe.h planner/describe_rows.c planner/describe_rows.h planner/describe_state.c planner/explain.c \
	planner/logical.c planner/logical.h planner/logical_join.h planner/logical_node.h planner/logical_rows.c planner/logical_walk.c planner/physical.c planner/physical.h planner/physical_place.c planner/physical_place.h planner/physical_rows.c planner/physical_rows.h planner/physical_spec.h planner/physical_window.c planner/predicate.c planner/predicate.h \
	planner/planner.h planner/program.c planner/rule.h planner/rowtime.c planner/rowtime.h planner/rules.c planner/scope.c \
	planner/scope.h planner/settings.c planner/settings.h planner/streams.c planner/streams.h planner/stream_keys.c planner/show.c planner/show_create.c planner/show_create.h \
	planner/table.c planner/table.h planner/table_define.c planner/table_elsewhere.c planner/table_hint.c planner/table_like.c \
	planner/table_options.c planner/wanted_fields.c planner/warning.h planner/window_lengths.c planner/window_lengths.h planner/writing.c planner/writing.h
libweir_a_SOURCES += planner/redact.c planner/redact.h
libweir_a_SOURCES += planner/app_jobs.c planner/app_rejects.c planner/app_streams.c planner/app_streams.h planner/declare_stream.c planner/dialect.c planner/dialect.h planner/user_function.h
libweir_a_SOURCES += planner/bind_rows_join.c planner/bind_stream_join.c planner/stream_join.h planner/bind_lookup.c planner/describe_lookup.c planner/logical_lookup.c planner/lookup.h planner/physical_lookup.c planner/table_lookup.c
libweir_a_SOURCES += planner/bind_temporal.c planner/physical_temporal.c planner/temporal.h planner/versions.c
libweir_a_SOURCES += planner/bind_changes.c planner/bind_changes.h planner/bind_ttl.c planner/ttl.h planner/describe_changes.c planner/describe_changes.h planner/logical_changes.c \
	planner/physical_changes.c planner/physical_changes.h planner/bind_insert.h planner/change_kinds.c planner/results.c planner/results.h planner/table_keyed.c
libweir_a_SOURCES += planner/bind_match.c planner/bind_match_names.c planner/describe_match.c planner/logical_match.c planner/match.h planner/physical_match.c
libweir_a_SOURCES += planner/bind_cursor.c planner/bind_cursor.h
libweir_a_SOURCES += planner/bind_model.c planner/describe_model.c planner/logical_model.c planner/model.h
libweir_a_SOURCES += planner/bind_stagger.c planner/bind_group_rank.c
libweir_a_SOURCES += planner/system_columns.c planner/system_columns.h
