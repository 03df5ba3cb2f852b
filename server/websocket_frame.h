/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 6455 as bytes: the handshake's answer, heads of frames in both directions, close codes. Pure
 * functions; strict about what clients send. */
#ifndef WEIR_SERVER_WEBSOCKET_FRAME_H
#define WEIR_SERVER_WEBSOCKET_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WR_WEBSOCKET_ACCEPT_CHARS   28 /* of the handshake's answer, without a NUL */
#define WR_WEBSOCKET_HEAD_BYTES_MAX 14
#define WR_WEBSOCKET_CONTROL_MAX    125 /* bytes that a control frame may carry */

enum wr_websocket_opcode {
  WR_WEBSOCKET_CONTINUE = 0,
  WR_WEBSOCKET_TEXT = 1,
  WR_WEBSOCKET_BINARY = 2,
  WR_WEBSOCKET_CLOSE = 8,
  WR_WEBSOCKET_PING = 9,
  WR_WEBSOCKET_PONG = 10
};

enum wr_websocket_code {
  WR_WEBSOCKET_NORMAL = 1000,
  WR_WEBSOCKET_GOING_AWAY = 1001,
  WR_WEBSOCKET_PROTOCOL = 1002,
  WR_WEBSOCKET_POLICY = 1008,
  WR_WEBSOCKET_TOO_BIG = 1009,
  WR_WEBSOCKET_LATER = 1013
};

/* Sec-WebSocket-Accept of a Sec-WebSocket-Key; false: the key is none. */
bool wr_websocket_accept(const char *key, char out[WR_WEBSOCKET_ACCEPT_CHARS + 1]);

struct wr_websocket_head {
  bool is_final;
  uint8_t opcode;
  uint32_t mask; /* as it stands in memory */
  uint64_t length;
};

/* A client's frame: how many bytes its head has; 0: more are needed; -1: against the protocol
 * (reserved bits, unknown opcode, no mask, control frames that are long or in parts, lengths that
 * are written longer than they need). */
int wr_websocket_head_read(const char *bytes, size_t length, struct wr_websocket_head *out);
/* A server's frame, without a mask. Returns the bytes written. */
size_t wr_websocket_head_write(char out[WR_WEBSOCKET_HEAD_BYTES_MAX], bool is_final,
                               enum wr_websocket_opcode opcode, uint64_t length);
void wr_websocket_unmask(char *bytes, size_t length, uint32_t mask);
/* The payload of a close frame may be so: nothing, or a code that may be sent. */
bool wr_websocket_close_valid(const char *bytes, size_t length);

#endif
