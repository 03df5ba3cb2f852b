# SPDX-License-Identifier: Apache-2.0
weir_SOURCES += cli/main.c cli/command.h cli/arguments.c cli/report.c cli/run.c cli/job.c cli/job.h cli/job_facts.c cli/job_facts.h cli/watchers.c cli/watchers.h cli/serve.c cli/serve_job.c cli/serve_job.h cli/log.c cli/log.h \
	cli/top.c cli/top_fetch.c cli/top_fetch.h cli/top_view.c cli/top_view.h cli/top_job.c cli/top_job.h cli/canvas.c cli/canvas.h cli/screen.c cli/screen.h \
	cli/plan.c cli/manual.c \
	cli/help.c cli/progress.c cli/progress.h cli/changes.c cli/changes.h cli/resume.c cli/resume.h cli/state.c cli/stopper.c \
	cli/stopper.h cli/control.c cli/control.h cli/control_answer.c cli/control_client.c cli/control_inner.h \
	cli/folders.c cli/folders.h cli/savepoint.c cli/discover.c cli/sample.c cli/sample.h cli/units.c cli/units.h cli/grid.c cli/grid.h \
	cli/state_running.c cli/state_running.h cli/profile.c cli/profile.h cli/profile_inner.h \
	cli/profile_json.c cli/import.c
weir_SOURCES += cli/shell.c cli/shell.h cli/shell_scan.c cli/shell_scan.h cli/shell_statement.c cli/shell_job.c \
	cli/shell_job.h cli/shell_jobs.c cli/shell_run.c cli/shell_rows.c cli/shell_rows.h cli/shell_kept.c \
	cli/shell_kept.h cli/shell_command.c cli/shell_help.c cli/shell_edit.c cli/shell_complete.c
