# SPDX-License-Identifier: Apache-2.0
# operators_table: one file per operator class, named as it is (operators/filter.c: wr_operator_class_filter).
operators_table = operators/filter.c operators/project.c operators/values.c operators/watermark.c \
	operators/window_aggregate.c operators/window_assign.c
libweir_a_SOURCES += $(operators_table) operators/operator.c operators/operator.h operators/plan.h \
	operators/specs.h operators/window_fire.c operators/window_slices.c \
	operators/window_slices.h operators/window_state.h
