# SPDX-License-Identifier: Apache-2.0
# Made in the build directory from grammar.y and lexer.l:
nodist_libweir_a_SOURCES += parser/grammar.c parser/grammar.h parser/lexer.c parser/lexer.h
libweir_a_SOURCES += parser/advise.c parser/build.h parser/build_call.c parser/build_call.h parser/build_expression.c parser/build_json.c \
	parser/build_kinesis.c parser/build_kinesis.h parser/build_match.c parser/build_query.c parser/build_statement.c parser/build_statement.h parser/build_type.c \
	parser/complaint.c parser/complaint.h parser/context.c parser/context.h parser/dump.c parser/dump.h \
	parser/dump_expression.c parser/dump_part.h parser/guess.c parser/keyword.c parser/keyword.h \
	parser/lexeme.c parser/lexeme.h parser/parser.c parser/parser.h parser/refuse.c parser/source.c \
	parser/state.h parser/track.c parser/tree.c parser/tree.h parser/tree_expression.h \
	parser/tree_json.h parser/tree_match.h parser/tree_query.h parser/tree_type.h
