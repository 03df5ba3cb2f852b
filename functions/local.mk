# SPDX-License-Identifier: Apache-2.0
# Families of functions; each ends with `const struct wr_function wr_functions_<name>[]`.
functions_table = \
	functions/compare.c \
	functions/logic.c \
	functions/arithmetic.c \
	functions/cast.c \
	functions/construct.c \
	functions/collection_array.c \
	functions/collection_order.c \
	functions/collection_map.c \
	functions/in_list.c \
	functions/like.c \
	functions/conditional.c \
	functions/context.c \
	functions/math.c functions/chance.c functions/digits.c \
	functions/text_functions.c \
	functions/text_piece.c \
	functions/text_split.c \
	functions/text_join.c \
	functions/text_find.c \
	functions/regex.c \
	functions/similar.c \
	functions/encoding.c \
	functions/hash.c \
	functions/url.c \
	functions/json_quote.c \
	functions/text_kind.c \
	functions/printf.c \
	functions/json_functions.c functions/json_construct.c \
	functions/time_functions.c \
	functions/time_text.c \
	functions/interval.c \
	functions/kinesis_time.c \
	functions/text_standard.c \
	functions/regex_replace.c \
	functions/log_parse.c \
	functions/log_w3c.c \
	functions/log_fast.c
# Families of aggregates; each ends with `const struct wr_aggregate_function wr_aggregates_<name>[]`.
aggregates_table = \
	functions/count.c \
	functions/sum.c \
	functions/extremes.c \
	functions/moments.c functions/exp_avg.c \
	functions/first_last.c \
	functions/collect.c \
	functions/percentile.c \
	functions/json_aggregate.c \
	functions/distinct_count.c
libweir_a_SOURCES += $(functions_table) $(aggregates_table) \
	functions/expression.c functions/expression.h functions/value_list.c functions/value_list.h functions/value_tree.c functions/value_tree.h \
	functions/function.h functions/bind_site.h functions/registry.c \
	functions/bind.c functions/bind.h functions/bind_call.c functions/bind_fold.c functions/bind_fold.h \
	functions/type_common.c \
	functions/evaluator.c functions/evaluator.h functions/evaluate.c functions/evaluate.h \
	functions/evaluate_branch.c functions/evaluate_row.c functions/failure.c functions/failure.h functions/row_list.c \
	functions/kernel.h functions/values.h functions/text_call.c functions/text_call.h \
	functions/regex_run.c functions/regex_run.h \
	functions/interval.h functions/arithmetic.h functions/arithmetic_decimal.c functions/arithmetic_time.c \
	functions/wide.c functions/wide.h \
	functions/calendar.c functions/calendar.h functions/zone.c functions/zone.h \
	functions/cast.h functions/cast_number.c functions/cast_text.c functions/cast_time.c functions/cast_nested.c \
	functions/collection.c functions/collection.h functions/item.c functions/item.h \
	functions/round_time.c functions/round_time.h \
	functions/date_pattern.c functions/date_pattern.h functions/simple_date.c functions/simple_date.h functions/kinesis_time.h functions/text_standard.h \
	functions/log_row.c functions/log_row.h functions/log_regex.h \
	functions/json_path.c functions/json_path.h functions/json_call.c functions/json_call.h \
	functions/json_functions.h \
	functions/print.c functions/enforce.c functions/type_manual.c functions/type_manual.h \
	functions/aggregate.c functions/aggregate.h functions/aggregate_buffer.c functions/aggregate_buffer.h functions/aggregate_table.h
