/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measure COMMAND [ARGUMENT...]: runs a command with its standard output thrown away and prints
 * seconds, peak resident KiB, and seconds on processors in user and in system mode on its own. A
 * small program of its own because a process inherits the peak of whoever started it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval time)
{
  return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
  struct timespec from, to;
  struct rusage usage;
  int status = 0;
  if (argc < 2)
    return 2;
  clock_gettime(CLOCK_MONOTONIC, &from);
  pid_t child = fork();
  if (child == 0) {
    int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDOUT_FILENO);
    execvp(argv[1], argv + 1);
    perror(argv[1]);
    _exit(127);
  }
  if (child < 0 || wait4(child, &status, 0, &usage) < 0) {
    perror("measure");
    return 1;
  }
  clock_gettime(CLOCK_MONOTONIC, &to);
  printf("%.6f %ld %.6f %.6f\n",
         (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9,
         usage.ru_maxrss, seconds(usage.ru_utime), seconds(usage.ru_stime));
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
