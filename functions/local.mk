# SPDX-License-Identifier: Apache-2.0
# Families of functions; each ends with `const struct wr_function wr_functions_<name>[]`.
functions_table = \
	functions/compare.c \
	functions/logic.c \
	functions/arithmetic.c \
	functions/cast.c \
	functions/in_list.c \
	functions/like.c \
	functions/conditional.c \
	functions/math.c \
	functions/text_functions.c \
	functions/time_functions.c \
	functions/time_text.c
# Families of aggregates; each ends with `const struct wr_aggregate_function wr_aggregates_<name>[]`.
aggregates_table = \
	functions/count.c \
	functions/sum.c \
	functions/extremes.c
libweir_a_SOURCES += $(functions_table) $(aggregates_table) \
	functions/expression.c functions/expression.h \
	functions/function.h functions/bind_site.h functions/registry.c \
	functions/bind.c functions/bind.h functions/bind_call.c functions/bind_fold.c functions/bind_fold.h \
	functions/type_common.c \
	functions/evaluator.c functions/evaluator.h functions/evaluate.c functions/evaluate.h \
	functions/evaluate_branch.c functions/failure.c functions/failure.h functions/row_list.c \
	functions/kernel.h functions/values.h \
	functions/arithmetic.h functions/arithmetic_decimal.c functions/arithmetic_time.c \
	functions/wide.c functions/wide.h \
	functions/calendar.c functions/calendar.h functions/zone.c functions/zone.h \
	functions/cast.h functions/cast_number.c functions/cast_text.c functions/cast_time.c \
	functions/round_time.c functions/round_time.h \
	functions/date_pattern.c functions/date_pattern.h \
	functions/print.c \
	functions/aggregate.c functions/aggregate.h functions/aggregate_table.h
