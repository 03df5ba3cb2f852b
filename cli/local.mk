# SPDX-License-Identifier: Apache-2.0
weir_SOURCES += cli/main.c cli/command.h cli/arguments.c cli/report.c cli/run.c cli/plan.c cli/manual.c \
	cli/help.c cli/progress.c cli/progress.h cli/resume.c cli/resume.h cli/state.c cli/stopper.c \
	cli/stopper.h
