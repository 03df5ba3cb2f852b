/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal as a whole screen: keys come one by one, nothing is echoed, what was there before
 * comes back at the end, and while the program is suspended (Ctrl-Z). Signals come as events while
 * it is open.
 */
#ifndef WEIR_CLI_SCREEN_H
#define WEIR_CLI_SCREEN_H

#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

struct wr_screen {
  struct termios before;
  int signal_fd;
  uint32_t width, height;
  char keys[32]; /* what came and is not an event yet */
  uint32_t key_count;
};

enum wr_screen_event {
  WR_SCREEN_NOTHING, /* the time is over */
  WR_SCREEN_KEY,     /* a character, in *key */
  WR_SCREEN_UP,
  WR_SCREEN_DOWN,
  WR_SCREEN_ENTER,
  WR_SCREEN_BACK, /* Esc, Backspace, left */
  WR_SCREEN_RESIZED,
  WR_SCREEN_END /* a signal, or the terminal has gone */
};

/* False: standard input or output is no terminal. */
bool wr_screen_open(struct wr_screen *screen);
void wr_screen_close(struct wr_screen *screen);
enum wr_screen_event wr_screen_wait(struct wr_screen *screen, int wait_ms, char *key);
/* From the upper left corner on. */
void wr_screen_show(const char *bytes, uint64_t length);

#endif
