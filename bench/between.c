/* SPDX-License-Identifier: Apache-2.0 */
/*
 * between: nanoseconds until the second core sees what the first has written, the best of many
 * turns to and fro. Cores of one cluster need some 25, cores that share no cache six times as many;
 * a virtual machine may have the one now and the other a minute later, and what two tasks gain
 * over one moves with it.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#define ROUNDS 200
#define TURNS  1000 /* there and back, per round */

struct between {
  _Alignas(256) atomic_int turn;
};

static void between_stay_on(int cpu)
{
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set))
    perror("sched_setaffinity");
}

static void *between_answer(void *argument)
{
  struct between *between = argument;
  between_stay_on(1);
  for (int turn = 1; turn < 2 * ROUNDS * TURNS; turn += 2) {
    while (atomic_load(&between->turn) != turn)
      ;
    atomic_store(&between->turn, turn + 1);
  }
  return argument;
}

static double between_now_ns(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int main(void)
{
  struct between between = {.turn = 0};
  double best_ns = 1e18;
  int turn = 0;
  pthread_t thread;
  between_stay_on(0);
  if (pthread_create(&thread, NULL, between_answer, &between))
    return 1;
  for (int round = 0; round < ROUNDS; round++) {
    double begun_ns = between_now_ns();
    for (int i = 0; i < TURNS; i++, turn += 2) {
      while (atomic_load(&between.turn) != turn)
        ;
      atomic_store(&between.turn, turn + 1);
    }
    double ns = (between_now_ns() - begun_ns) / (2 * TURNS);
    best_ns = ns < best_ns ? ns : best_ns;
  }
  pthread_join(thread, NULL);
  printf("%.1f\n", best_ns);
  return 0;
}
