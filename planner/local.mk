# SPDX-License-Identifier: Apache-2.0
# rules_table: one rewrite rule per file, in the order in which they run; planner/rules.c reads
# planner/table.inc made from it.
rules_table = planner/simplify_filters.c planner/push_filters.c planner/fold_windows.c \
	planner/merge_projects.c planner/drop_projects.c planner/prune_columns.c planner/merge_distincts.c
libweir_a_SOURCES += $(rules_table)

libweir_a_SOURCES += planner/bind_call.c planner/bind_aggregate.c planner/bind_expression.c planner/bind_from.c planner/bind_function.c \
	planner/bind_group.c planner/bind_insert.c planner/bind_interval.c planner/bind_join.c planner/bind_json.c planner/bind_order.c planner/bind_over.c planner/bind_subquery.c planner/bind_query.c planner/bind_set.c \
	planner/bind_type.c planner/bind_window.c planner/grouping.c planner/grouping.h planner/binder.h planner/program_builder.h planner/catalogue.c \
	planner/catalogue.h planner/check_watermark.c planner/declare.c planner/describe.c planner/describe.h planner/explain.c \
	planner/logical.c planner/logical.h planner/physical.c planner/physical.h \
	planner/planner.h planner/program.c planner/rule.h planner/rules.c planner/scope.c \
	planner/scope.h planner/settings.c planner/settings.h planner/show.c planner/show_create.c planner/show_create.h \
	planner/table.c planner/table.h planner/table_define.c planner/table_elsewhere.c planner/table_hint.c planner/table_like.c \
	planner/table_options.c planner/warning.h planner/writing.c planner/writing.h
