# SPDX-License-Identifier: Apache-2.0
weir_SOURCES += cli/main.c cli/command.h cli/arguments.c cli/report.c cli/run.c cli/plan.c cli/manual.c \
	cli/help.c cli/progress.c cli/progress.h cli/changes.c cli/changes.h cli/resume.c cli/resume.h cli/state.c cli/stopper.c \
	cli/stopper.h cli/control.c cli/control.h cli/control_answer.c cli/control_client.c cli/control_inner.h \
	cli/folders.c cli/folders.h cli/savepoint.c cli/discover.c cli/sample.c cli/sample.h cli/units.c cli/units.h cli/grid.c cli/grid.h \
	cli/state_running.c cli/state_running.h cli/profile.c cli/profile.h cli/profile_inner.h \
	cli/profile_json.c
