/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WebSockets after libmicrohttpd has handed the socket over: one thread for all of them, which
 * copies lines of their followers into frames as far as the sockets take them. Each line is a text
 * message. What clients send is read, bounded and thrown away, but for pings and the end.
 */
#ifndef WEIR_SERVER_WEBSOCKET_H
#define WEIR_SERVER_WEBSOCKET_H

#include "live/hub.h"
#include "server/route.h"

struct wr_websockets;
struct wr_websocket;

enum wr_code wr_websockets_new(struct wr_server *server, struct wr_websockets **out,
                               struct wr_error *err);
/* Tells everybody that the server goes away, and waits a moment until they have heard it. Those
 * that come later are ended at once. */
void wr_websockets_stop(struct wr_websockets *websockets);
/* libmicrohttpd has stopped, too. */
void wr_websockets_free(struct wr_websockets *websockets);

/* Whether the request wants to become a WebSocket; if so, whether it can. */
bool wr_websocket_is_wanted(const struct wr_web_request *request);
/* Follows (wake is set here) and fills the reply with the handshake. On failure the filter is
 * freed as wr_hub_follow does. */
enum wr_code wr_websocket_reply(const struct wr_web_request *request, struct wr_web_reply *reply,
                                struct wr_follow *follow, struct wr_error *err);

/* The connection has ended before its socket was handed over; NULL: nothing. */
void wr_websocket_abandon(struct wr_websocket *socket);

#endif
