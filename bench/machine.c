/* machine.c: what one core can do at best, for the floors of bench/mlp_bench.ts: multiplications and additions in
 * registers, and passes over memory. Compiled for the machine that it runs on. */
#include <stdint.h>

#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT
#endif

#if defined __AVX512F__
#define LANES 16
#elif defined __AVX__
#define LANES 8
#else
#define LANES 4
#endif

typedef float vector __attribute__((vector_size(LANES * sizeof(float)), aligned(4)));

/* Enough independent chains to hide the latency of a fused multiply-add, few enough for 16 registers. */
#define CHAINS 12

/* chains[CHAINS * LANES] after `steps` fused multiply-adds each; returns how many operations those were, two each. */
EXPORT double machine_fma(float *chains, int32_t steps) {
  vector acc[CHAINS], factor = (vector){0} + 0.5f, term = (vector){0} + 1.0f;
  for (int i = 0; i < CHAINS; i++) acc[i] = *(vector *)(chains + i * LANES);
  for (int32_t s = 0; s < steps; s++)
    for (int i = 0; i < CHAINS; i++) acc[i] = acc[i] * factor + term;
  for (int i = 0; i < CHAINS; i++) *(vector *)(chains + i * LANES) = acc[i];
  return 2.0 * CHAINS * LANES * steps;
}

/* So many times: the first `read` numbers of x, a multiple of CHAINS * LANES, are read, then the first `updated` are
 * read and written, as x ← x · factor. The sum of what was read is returned. */
EXPORT double machine_passes(float *x, uint32_t read, uint32_t updated, float factor, uint32_t times) {
  vector acc[CHAINS] = {{0}};
  for (uint32_t t = 0; t < times; t++) {
    for (uint32_t i = 0; i < read; i += CHAINS * LANES)
      for (uint32_t j = 0; j < CHAINS; j++) acc[j] += *(const vector *)(x + i + j * LANES);
    for (uint32_t i = 0; i < updated; i++) x[i] *= factor;
  }
  double sum = 0;
  for (int j = 0; j < CHAINS; j++)
    for (int l = 0; l < LANES; l++) sum += (double)acc[j][l];
  return sum;
}
