# SPDX-License-Identifier: Apache-2.0
libweir_a_SOURCES += live/hub.h live/inside.h live/hub.c live/streams.c live/feed.c live/changes.c \
	live/follower.c live/frames.c live/frames.h live/newest.c live/newest.h live/packed_row.c \
	live/packed_row.h live/row_json.c live/row_json.h live/rows.c live/save.c live/snapshot.c live/way.c live/way.h
