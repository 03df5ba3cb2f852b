# SPDX-License-Identifier: Apache-2.0
# operators_table: one file per operator class, named as it is (operators/filter.c: wr_operator_class_filter).
operators_table = operators/distinct.c operators/expand.c operators/filter.c operators/limit.c operators/project.c operators/sort.c operators/union.c operators/unnest.c operators/values.c operators/watermark.c \
	operators/window_aggregate.c operators/window_assign.c
libweir_a_SOURCES += $(operators_table) operators/kept_rows.c operators/kept_rows.h \
	operators/sort_order.c operators/sort_order.h operators/operator.c operators/operator.h operators/plan.h \
	operators/specs.h operators/window_fire.c operators/window_rows.c operators/window_rows.h operators/window_slices.c \
	operators/window_slices.h operators/window_state.h
