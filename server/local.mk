# SPDX-License-Identifier: Apache-2.0
libweir_a_SOURCES += server/jobs.c server/jobs.h server/server.h
libweir_a_SOURCES += server/address.c server/address.h server/asset.c server/asset.h server/auth.c server/auth.h
libweir_a_SOURCES += server/connection.c server/connection.h server/follow.c server/follow.h server/guard.c server/inner.h
libweir_a_SOURCES += server/json.c server/json.h server/parse.c server/parse.h server/reply.c server/request.c
libweir_a_SOURCES += server/route.h server/routes.c server/server.c server/websocket.c server/websocket.h
libweir_a_SOURCES += server/websocket_frame.c server/websocket_frame.h
# The page: put into the program by scripts/embed-page.
nodist_libweir_a_SOURCES += server/page_assets.c
page_files = server/page/api.js server/page/app.js server/page/chart.js server/page/checkpoints.js \
	server/page/dialog.js server/page/dom.js server/page/errors.js server/page/feed.js \
	server/page/format.js server/page/graph.js server/page/icon.svg server/page/index.html \
	server/page/layout.js server/page/panel.js server/page/README.md server/page/place.js server/page/plan.js \
	server/page/rates.js server/page/rows.js server/page/series.js server/page/streams.js \
	server/page/style.css server/page/summary.js server/page/theme.js server/page/views.css
EXTRA_DIST += $(page_files)
# REST and metrics
libweir_a_SOURCES += server/figures.c server/figures.h server/health.c server/health.h server/watch.c server/watch.h
libweir_a_SOURCES += server/api.c server/api.h server/api_checkpoints.c server/api_errors.c server/api_health.c \
	server/api_jobs.c server/api_plan.c server/api_server.c server/api_streams.c
libweir_a_SOURCES += server/metrics.c server/metrics.h server/metrics_job.c server/metrics_process.c \
	server/metrics_source.c server/metrics_write.c server/metrics_write.h
BUILT_SOURCES += server/openapi.inc
CLEANFILES += server/openapi.inc
EXTRA_DIST += server/openapi.json
