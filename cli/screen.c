/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/screen.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define SCREEN_ESCAPE_MS 50 /* what follows an Esc within that is one key with it */

static void write_all(const char *bytes, uint64_t length)
{
  while (length) {
    ssize_t written = write(STDOUT_FILENO, bytes, length);
    if (written < 0 && errno == EAGAIN)
      poll(&(struct pollfd){STDOUT_FILENO, POLLOUT, 0}, 1, 1000);
    else if (written < 0 && errno != EINTR)
      return; /* the terminal has gone, which the next wait says */
    if (written > 0) {
      bytes += written;
      length -= (uint64_t)written;
    }
  }
}

static void write_text(const char *text)
{
  write_all(text, strlen(text));
}

static void screen_measure(struct wr_screen *screen)
{
  struct winsize size;
  screen->width = 80;
  screen->height = 24;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row) {
    screen->width = size.ws_col;
    screen->height = size.ws_row;
  }
}

static void screen_take(struct wr_screen *screen)
{
  struct termios raw = screen->before;
  raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  write_text("\033[?1049h\033[?25l\033[2J"); /* other screen, no cursor, empty */
}

static void screen_give(struct wr_screen *screen)
{
  write_text("\033[0m\033[?25h\033[?1049l");
  tcsetattr(STDIN_FILENO, TCSANOW, &screen->before);
}

static void signals_of_screen(sigset_t *signals)
{
  static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};
  sigemptyset(signals);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    sigaddset(signals, numbers[i]);
}

bool wr_screen_open(struct wr_screen *screen)
{
  sigset_t signals;
  *screen = (struct wr_screen){.signal_fd = -1};
  if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &screen->before) != 0)
    return false;
  signals_of_screen(&signals);
  pthread_sigmask(SIG_BLOCK, &signals, NULL);
  screen->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
  if (screen->signal_fd < 0) {
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
    return false;
  }
  screen_measure(screen);
  screen_take(screen);
  return true;
}

void wr_screen_close(struct wr_screen *screen)
{
  sigset_t signals;
  screen_give(screen);
  close(screen->signal_fd);
  signals_of_screen(&signals);
  pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}

/* ---- events */

static enum wr_screen_event screen_hear_signal(struct wr_screen *screen)
{
  struct signalfd_siginfo info;
  if (read(screen->signal_fd, &info, sizeof info) != sizeof info)
    return WR_SCREEN_NOTHING;
  if (info.ssi_signo == SIGTSTP) {
    screen_give(screen);
    raise(SIGSTOP); /* and on when somebody says so */
    screen_take(screen);
  } else if (info.ssi_signo != SIGWINCH) {
    return WR_SCREEN_END;
  }
  screen_measure(screen);
  return WR_SCREEN_RESIZED;
}

/* Takes the first key of those that have come. */
static enum wr_screen_event screen_take_key(struct wr_screen *screen, char *key)
{
  static const struct {
    const char *bytes;
    enum wr_screen_event event;
  } keys[] = {{"\033[A", WR_SCREEN_UP},    {"\033OA", WR_SCREEN_UP},    {"\033[B", WR_SCREEN_DOWN},
              {"\033OB", WR_SCREEN_DOWN},  {"\033[D", WR_SCREEN_BACK},  {"\033OD", WR_SCREEN_BACK},
              {"\033[C", WR_SCREEN_ENTER}, {"\033OC", WR_SCREEN_ENTER}, {"k", WR_SCREEN_UP},
              {"j", WR_SCREEN_DOWN},       {"\r", WR_SCREEN_ENTER},     {"\n", WR_SCREEN_ENTER},
              {"\177", WR_SCREEN_BACK},    {"\b", WR_SCREEN_BACK}};
  enum wr_screen_event event = WR_SCREEN_KEY;
  uint32_t length = 1;
  *key = screen->keys[0];
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    uint32_t wanted = (uint32_t)strlen(keys[i].bytes);
    if (wanted <= screen->key_count && memcmp(screen->keys, keys[i].bytes, wanted) == 0) {
      event = keys[i].event;
      length = wanted;
      break;
    }
  }
  if (event == WR_SCREEN_KEY && *key == '\033') {
    event = screen->key_count == 1 ? WR_SCREEN_BACK : WR_SCREEN_NOTHING;
    length = screen->key_count; /* a key that means nothing here */
  }
  screen->key_count -= length;
  memmove(screen->keys, screen->keys + length, screen->key_count);
  return event;
}

static bool screen_read_keys(struct wr_screen *screen)
{
  ssize_t got =
      read(STDIN_FILENO, screen->keys + screen->key_count, sizeof screen->keys - screen->key_count);
  if (got > 0)
    screen->key_count += (uint32_t)got;
  return got > 0;
}

enum wr_screen_event wr_screen_wait(struct wr_screen *screen, int wait_ms, char *key)
{
  struct pollfd polls[] = {{STDIN_FILENO, POLLIN, 0}, {screen->signal_fd, POLLIN, 0}};
  if (screen->key_count)
    return screen_take_key(screen, key);
  if (poll(polls, 2, wait_ms) < 0 && errno != EINTR)
    return WR_SCREEN_END;
  if (polls[1].revents)
    return screen_hear_signal(screen);
  if (!polls[0].revents)
    return WR_SCREEN_NOTHING;
  if (!screen_read_keys(screen))
    return WR_SCREEN_END;
  if (screen->key_count == 1 && screen->keys[0] == '\033' && poll(polls, 1, SCREEN_ESCAPE_MS) > 0)
    screen_read_keys(screen);
  return screen_take_key(screen, key);
}

void wr_screen_show(const char *bytes, uint64_t length)
{
  write_text("\033[H");
  write_all(bytes, length);
  write_text("\033[J");
}
