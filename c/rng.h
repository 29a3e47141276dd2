/* The seeded generator: Philox4x32-10 and what is drawn from it.
 * Who draws what, and from which stream, is left to the callers.
 *
 * Philox is a bijection of 128-bit counters, keyed by the seed: ten rounds of two multiplications
 * and four xors. Having no state but the counter, it gives any block of any stream at once.
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 * The twin in src/random.ts gives the same bits. */

#ifndef GRADUS_RNG_H
#define GRADUS_RNG_H

#include <stdint.h>

#define RNG_STREAM_NOISE 3 /* stream high of an optimizer's noise, the low half counting its steps */

struct rng {
  uint32_t key[2];     /* the seed: low 32 bits, high 32 bits */
  uint32_t counter[4]; /* next block: index low, index high; then stream low, stream high */
  uint32_t block[4];   /* the block being read */
  uint32_t used;       /* words of it that were handed out; 4: none is left */
};

/* Starts at word 0 of block 0 of a stream. Seed and stream are whole numbers < 2^53. */
static void rng_init(struct rng *rng, uint32_t seed_low, uint32_t seed_high, uint32_t stream_low,
                     uint32_t stream_high);

/* The next 32 bits: words 0 to 3 of block 0, then of block 1, and so on. */
static uint32_t rng_u32(struct rng *rng);

/* Uniform on the multiples of 2^-53 in [0, 1); takes two words. */
static double rng_uniform(struct rng *rng);

/* Standard normal, by inversion: one uniform, so two words. */
static double rng_normal(struct rng *rng);

/* Uniform on 0 .. n - 1, without bias, for n >= 1; takes one word, rarely more. */
static uint32_t rng_integer(struct rng *rng, uint32_t n);

/* order (n) becomes a uniformly random permutation of 0 .. n - 1. */
static void rng_permutation(struct rng *rng, uint32_t *order, uint32_t n);

#endif
