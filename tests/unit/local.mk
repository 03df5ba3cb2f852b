# SPDX-License-Identifier: Apache-2.0
# unit_table: tests/unit/test_<name>.c exports `const struct wr_suite wr_suite_<name>`.
# One line per file, in the order of the rooms.
unit_table = tests/unit/test_delivery.c tests/unit/test_decode_pool.c tests/unit/test_deal.c tests/unit/test_memory.c tests/unit/test_publisher.c tests/unit/test_channel.c tests/unit/test_epochs.c tests/unit/test_epochs_pieces.c tests/unit/test_epochs_publish.c tests/unit/test_inventory.c tests/unit/test_request.c tests/unit/test_runtime.c tests/unit/test_splits.c tests/unit/test_look.c tests/unit/test_taps.c
unit_table += tests/unit/test_arena.c tests/unit/test_builder.c tests/unit/test_error.c
unit_table += tests/unit/test_hash.c tests/unit/test_options.c tests/unit/test_page.c
unit_table += tests/unit/test_packed.c tests/unit/test_stopwatch.c tests/unit/test_time.c tests/unit/test_type.c
unit_table += tests/unit/test_datetime.c tests/unit/test_decimal.c tests/unit/test_decompress.c tests/unit/test_json_write.c
unit_table += tests/unit/test_json_scan.c tests/unit/test_json_path.c
unit_table += tests/unit/test_live.c tests/unit/test_live_model.c tests/unit/test_live_filter.c tests/unit/test_live_sink.c
unit_table += tests/unit/test_live_threads.c
unit_table += tests/unit/test_number.c tests/unit/test_pattern.c tests/unit/test_regex.c tests/unit/test_utf8.c
unit_table += tests/unit/test_console.c tests/unit/test_datagen.c tests/unit/test_filesystem.c tests/unit/test_filesystem_exact.c tests/unit/test_filesystem_outbox.c
unit_table += tests/unit/test_event_stream.c tests/unit/test_kinesis.c tests/unit/test_kinesis_pace.c tests/unit/test_kpl.c
unit_table += tests/unit/test_file_sync.c tests/unit/test_kafka.c tests/unit/test_kafka_outbox.c tests/unit/test_kafka_publisher.c tests/unit/test_nexmark.c tests/unit/test_partition_path.c tests/unit/test_put_queue.c
unit_table += tests/unit/test_csv.c tests/unit/test_json.c tests/unit/test_nested.c
unit_table += tests/unit/test_aggregates.c tests/unit/test_cast.c tests/unit/test_collections.c tests/unit/test_evaluator.c tests/unit/test_functions.c
unit_table += tests/unit/test_text_functions.c
unit_table += tests/unit/test_parser.c tests/unit/test_parser_errors.c tests/unit/test_parser_recovery.c
unit_table += tests/unit/test_store.c tests/unit/test_store_id.c tests/unit/test_store_damage.c tests/unit/test_store_copy.c tests/unit/test_store_crash.c tests/unit/test_saving.c tests/unit/test_snapshot.c
unit_table += tests/unit/test_layout.c tests/unit/test_table.c tests/unit/test_table_delta.c tests/unit/test_table_remove.c tests/unit/test_timers.c tests/unit/test_watermark.c tests/unit/test_alignment.c
unit_table += tests/unit/test_changes.c tests/unit/test_clock.c tests/unit/test_kept_rows.c tests/unit/test_frame.c tests/unit/test_operators.c tests/unit/test_rank.c tests/unit/test_session.c tests/unit/test_over.c tests/unit/test_sort.c tests/unit/test_unnest.c tests/unit/test_window.c
unit_table += tests/unit/test_local_time.c tests/unit/test_window_aggregate.c tests/unit/test_window_ring.c tests/unit/test_window_emit.c tests/unit/test_window_join.c tests/unit/test_window_slices.c
unit_table += tests/unit/test_jobs.c tests/unit/test_discover.c tests/unit/test_s3.c tests/unit/test_s3_outbox.c
unit_table += tests/unit/test_planner.c tests/unit/test_planner_errors.c tests/unit/test_predicate.c tests/unit/test_statements.c tests/unit/test_streams.c
unit_table += tests/unit/test_aws.c tests/unit/test_aws_place.c tests/unit/test_credential_plan.c tests/unit/test_credentials.c tests/unit/test_http.c tests/unit/test_sigv4.c
unit_table += tests/unit/test_web_auth.c tests/unit/test_web_parse.c tests/unit/test_websocket.c
unit_table += tests/unit/test_figures.c tests/unit/test_health.c tests/unit/test_metrics.c tests/unit/test_redact.c
unit_SOURCES += tests/unit/aws_environment.c tests/unit/aws_environment.h tests/unit/http_server.c tests/unit/http_server.h
unit_SOURCES += tests/unit/live.c tests/unit/live.h
unit_SOURCES += tests/unit/planner.h tests/unit/store_disk.c tests/unit/store_disk.h
unit_SOURCES += tests/unit/over_reference.c tests/unit/over_reference.h tests/unit/session_reference.c tests/unit/session_reference.h
unit_SOURCES += tests/unit/operate.c tests/unit/operate.h tests/unit/epochs_gate.c tests/unit/epochs_gate.h tests/unit/store_steps.c tests/unit/store_steps.h
unit_SOURCES += tests/unit/hand_plan.c tests/unit/hand_plan.h tests/unit/mock_kafka.c tests/unit/mock_kafka.h
unit_SOURCES += tests/unit/connect.h tests/unit/decode.h tests/unit/express.h
unit_SOURCES += tests/unit/main.c tests/unit/suite.h tests/unit/check.h $(unit_table)
