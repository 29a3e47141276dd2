/* The tests' few tools. CHECK(condition, "sentence", ...) counts what fails and prints where, with the sentence as
 * printf would; run_test prints a line for each test. */
#ifndef GRADUS_CHECK_H
#define GRADUS_CHECK_H

#include <stdio.h>

/* The highest level of this processor's kind. */
#if defined(__wasm__)
#define LEVEL_TOP GRADUS_LEVEL_RELAXED
#else
#define LEVEL_TOP GRADUS_LEVEL_AVX512
#endif

/* Before what is done at each level that there is: sets it. */
#define EACH_LEVEL(level)                                                        \
  for (int32_t level = GRADUS_LEVEL_PLAIN; level <= LEVEL_TOP; level++)          \
    if (gradus_level(level) == level)

static int check_failures;

#define CHECK(condition, ...)                      \
  do {                                             \
    if (!(condition)) {                            \
      check_failures++;                            \
      printf("%s:%d: ", __FILE__, __LINE__);       \
      printf(__VA_ARGS__);                         \
      printf("\n");                                \
    }                                              \
  } while (0)

static void run_test(const char *name, void (*test)(void)) {
  const int before = check_failures;
  test();
  printf("%s %s\n", check_failures == before ? "ok    " : "FAILED", name);
  fflush(stdout);
}

static int tests_failed(void) { return check_failures != 0; }

#endif
