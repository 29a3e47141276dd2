/* The pool: every element is done once, whatever the number of threads and whoever else wants them; and the bits of
 * products and of training do not depend on it. */

enum { ELEMENTS = 10007 };

/* How many there are where so many are asked for. */
static int32_t threads_of(int32_t count) {
#if defined(__wasm__)
  return (void)count, 1;
#else
  return count < 32 ? count : 32;
#endif
}

struct tally {
  uint32_t done[ELEMENTS];
  size_t step;
  int ragged; /* whether a part began where none may */
};

static void count_elements(const void *context, size_t from, size_t to) {
  struct tally *tally = *(struct tally *const *)context;
  if (from % tally->step != 0) __atomic_store_n(&tally->ragged, 1, __ATOMIC_RELAXED);
  for (size_t i = from; i < to; i++) __atomic_add_fetch(&tally->done[i], 1, __ATOMIC_RELAXED);
}

static struct tally tally_of(size_t count, size_t step, size_t least) {
  struct tally tally = {.step = step}, *context = &tally;
  parallel(count, step, least, count_elements, &context);
  return tally;
}

static void threads_do_every_element_once(void) {
  static const size_t counts[] = {0, 1, 2, 11, 12, 13, 100, 1000, ELEMENTS};
  static const size_t steps[] = {1, 12, 64}, leasts[] = {0, 1, 7, 100, 5000};
  for (int32_t threads = 1; threads <= 13; threads += 3) {
    CHECK(gradus_threads(threads) == threads_of(threads), "%d threads", threads);
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
      for (size_t s = 0; s < sizeof steps / sizeof *steps; s++)
        for (size_t l = 0; l < sizeof leasts / sizeof *leasts; l++)
          for (int again = 0; again < 20; again++) {
            struct tally tally = tally_of(counts[c], steps[s], leasts[l]);
            size_t wrong = 0;
            for (size_t i = 0; i < ELEMENTS; i++) wrong += tally.done[i] != (i < counts[c]);
            CHECK(wrong == 0 && !tally.ragged, "%zu of %zu elements wrong with %d threads, step %zu", wrong, counts[c],
                  threads, steps[s]);
          }
  }
  gradus_threads(1);
}

/* Work that asks for threads itself, while it has them. */
static void nested(const void *context, size_t from, size_t to) {
  (void)from, (void)to;
  parallel(ELEMENTS, 1, 1, count_elements, context);
}

static void threads_are_had_by_one_at_a_time(void) {
  struct tally tally = {.step = 1}, *context = &tally;
  gradus_threads(3);
  parallel(10, 1, 1, nested, &context);
  gradus_threads(1);
  uint32_t parts = tally.done[0];
  CHECK(parts >= (threads_of(3) > 1 ? 2 : 1) && parts <= 10, "%u parts", parts);
  size_t wrong = 0;
  for (size_t i = 0; i < ELEMENTS; i++) wrong += tally.done[i] != parts;
  CHECK(wrong == 0, "%zu elements were done another number of times", wrong);
}

#if !defined(__wasm__)
#include <time.h>

struct meeting {
  int32_t present;
  int32_t missed;
};

/* Two parts that wait for each other: only two threads get through. */
static void meet(const void *context, size_t from, size_t to) {
  (void)from, (void)to;
  struct meeting *meeting = *(struct meeting *const *)context;
  __atomic_add_fetch(&meeting->present, 1, __ATOMIC_RELAXED);
  time_t begun = time(NULL);
  for (uint32_t look = 0; __atomic_load_n(&meeting->present, __ATOMIC_RELAXED) < 2; look = SPINS) {
    wait_for_look(look);
    if (time(NULL) - begun > 20) __atomic_store_n(&meeting->missed, 1, __ATOMIC_RELAXED);
    if (__atomic_load_n(&meeting->missed, __ATOMIC_RELAXED)) return;
  }
}

static void threads_compute_at_the_same_time(void) {
  gradus_threads(2);
  struct meeting meeting = {0}, *context = &meeting;
  for (int again = 0; again < 5 && !meeting.missed; again++) {
    meeting.present = 0;
    parallel(2, 1, 1, meet, &context);
    CHECK(!meeting.missed, "only one thread came to meeting %d", again);
    /* Long enough for the thread to fall asleep. */
    for (clock_t begun = clock(); clock() - begun < CLOCKS_PER_SEC / 20;) continue;
  }
  gradus_threads(1);
}
#else
static void threads_compute_at_the_same_time(void) {}
#endif

static void threads_can_be_asked_for(void) {
  CHECK(gradus_threads(0) == 1 && gradus_threads(-5) == 1, "nothing changes");
  CHECK(gradus_threads(5) == threads_of(5) && gradus_threads(0) == threads_of(5), "five");
  CHECK(gradus_threads(1000) == threads_of(1000), "32 at most");
  CHECK(gradus_threads(1) == 1, "one");
}

/* A product that is cut along its rows, and one along its columns. */
static void threads_do_not_change_products(void) {
  enum { M = 200, N = 90, K = 150 };
  static float a[M * K], b[K * M], one[M * M], more[M * M];
  for (size_t i = 0; i < sizeof a / sizeof *a; i++) a[i] = (float)gemm_random(), b[i] = (float)gemm_random();
  for (int32_t threads = 2; threads <= 8; threads += 3)
    for (int wide = 0; wide < 2; wide++) {
      const int32_t size[3] = {wide ? N : M, wide ? M : N, K};
      const int32_t stride[5] = {K, 1, wide ? 1 : N, wide ? K : 1, wide ? M : N};
      memset(one, 0, sizeof one), memset(more, 0, sizeof more);
      gradus_threads(1);
      gradus_gemm(one, a, b, size, stride, GRADUS_DTYPE_FLOAT32);
      gradus_threads(threads);
      gradus_gemm(more, a, b, size, stride, GRADUS_DTYPE_FLOAT32);
      CHECK(memcmp(one, more, sizeof one) == 0, "a product of %d rows differs with %d threads", size[0], threads);
    }
  gradus_threads(1);
}

#if !defined(_WIN32) && !defined(__wasm__)
#include <sys/wait.h>
#include <unistd.h>

/* exit() ends the threads of the pool, of which a child has none of its parent's. */
static void threads_are_made_anew_in_a_child(void) {
  gradus_threads(4);
  tally_of(ELEMENTS, 1, 1);
  room_is_taken = 1;
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    alarm(60);
    struct tally tally = tally_of(ELEMENTS, 1, 1);
    size_t wrong = 0;
    for (size_t i = 0; i < ELEMENTS; i++) wrong += tally.done[i] != 1;
    exit(wrong == 0 && pool.started == 3 && !room_is_taken ? 0 : 1);
  }
  room_is_taken = 0;
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child && status == 0, "the child ends with the status %x", (unsigned)status);
  gradus_threads(1);
}
#else
static void threads_are_made_anew_in_a_child(void) {}
#endif
