/*
 * Preloaded into a program, it steps the wall clock under it, as a kernel does: from the moment of a step on, the time of day and the
 * times that files get are off by it; what was noted before stays, and the monotonic clock runs on. The steps stand in STEPS_FILE,
 * mapped into every process: pairs of the real time of a step and its size, nanoseconds, in the order in which they came.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL
#define MOST_STEPS 64

struct step {
  int64_t at;
  int64_t by;
};

static const struct step *steps;
static int (*real_clock_gettime)(clockid_t, struct timespec *);
static long (*real_syscall)(long, ...);

__attribute__((constructor)) static void start(void) {
  real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  real_syscall = dlsym(RTLD_NEXT, "syscall");
  int file = open(STEPS_FILE, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void *mapped = mmap(NULL, MOST_STEPS * sizeof(struct step), PROT_READ, MAP_SHARED, file, 0);
  if (mapped != MAP_FAILED) steps = mapped;
  close(file);
}

static int64_t stepped(int64_t at) {
  int64_t by = 0;
  for (int n = 0; steps != NULL && n < MOST_STEPS && steps[n].at != 0 && steps[n].at <= at; n++) by += steps[n].by;
  return at + by;
}

static void step_parts(int64_t *sec, int64_t *nsec) {
  int64_t at = stepped(*sec * SECOND + *nsec);
  *sec = at / SECOND;
  *nsec = at % SECOND;
}

int clock_gettime(clockid_t clock, struct timespec *into) {
  if (real_clock_gettime == NULL) start();
  int failed = real_clock_gettime(clock, into);
  if (failed != 0 || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return failed;
  int64_t sec = into->tv_sec, nsec = into->tv_nsec;
  step_parts(&sec, &nsec);
  into->tv_sec = sec;
  into->tv_nsec = nsec;
  return 0;
}

int gettimeofday(struct timeval *restrict into, void *restrict zone) {
  (void)zone;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  into->tv_sec = now.tv_sec;
  into->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *into) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (into != NULL) *into = now.tv_sec;
  return now.tv_sec;
}

static void step_file_time(struct statx_timestamp *of) {
  int64_t sec = of->tv_sec, nsec = of->tv_nsec;
  step_parts(&sec, &nsec);
  of->tv_sec = sec;
  of->tv_nsec = (uint32_t)nsec;
}

/* Node asks for the times of files this way. */
long syscall(long number, ...) {
  if (real_syscall == NULL) start();
  long given[6];
  va_list more;
  va_start(more, number);
  for (int n = 0; n < 6; n++) given[n] = va_arg(more, long);
  va_end(more);
  long result = real_syscall(number, given[0], given[1], given[2], given[3], given[4], given[5]);
  if (number == SYS_statx && result == 0) {
    struct statx *of = (struct statx *)given[4];
    step_file_time(&of->stx_atime);
    step_file_time(&of->stx_btime);
    step_file_time(&of->stx_ctime);
    step_file_time(&of->stx_mtime);
  }
  return result;
}
