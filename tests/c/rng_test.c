/* The generator of c/rng.c: published answers, and the values that tests/random_test.ts expects too. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Known answers of Random123 (kat_vectors, philox4x32 10). */
static void philox_gives_the_published_answers(void) {
  static const struct {
    uint32_t counter[4], key[2], block[4];
  } known[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0},
      {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (int i = 0; i < 3; i++) {
    uint32_t block[4];
    philox(block, known[i].counter, known[i].key);
    CHECK(memcmp(block, known[i].block, sizeof block) == 0, "known answer %d: %08x %08x %08x %08x", i,
        block[0], block[1], block[2], block[3]);
  }
}

static void rng_u32_reads_block_after_block(void) {
  struct rng rng;
  rng_init(&rng, 1, 2, 3, 4);
  for (uint32_t index = 0; index < 3; index++) {
    const uint32_t counter[4] = {index, 0, 3, 4}, key[2] = {1, 2};
    uint32_t block[4];
    philox(block, counter, key);
    for (int i = 0; i < 4; i++) {
      const uint32_t got = rng_u32(&rng);
      CHECK(got == block[i], "word %d of block %u is %08x", i, index, got);
    }
  }
  rng.counter[0] = UINT32_MAX;
  rng_u32(&rng);
  CHECK(rng.counter[0] == 0 && rng.counter[1] == 1, "the block index carries");
}

static void seed_42_gives_the_values_of_the_typescript_twin(void) {
  static const uint32_t words[6] = {0x9ceaf053, 0x77f5493b, 0x12bf50ad, 0x5742b3d7, 0xfcdb2127, 0x53ba6cfd};
  static const double uniforms[4] = {
    0.61295988014777381, 0.073231736875038922, 0.98771865164535766, 0.51390614699062398,
  };
  static const double normals[6] = {
    0.28704189770927468, -1.4521371511209269, 2.2482116571565136,
    0.034864603173392829, 0.93795733100331924, 0.26045596069706545,
  };
  static const uint32_t integers[6] = {1933838451, 1552428834, 2806620581, 1314768730, 2300174555, 1692154423};
  static const uint32_t order[10] = {8, 5, 3, 6, 1, 4, 7, 0, 2, 9};
  struct rng rng;
  rng_init(&rng, 42, 0, 0, 0);
  for (int i = 0; i < 6; i++) {
    const uint32_t got = rng_u32(&rng);
    CHECK(got == words[i], "word %d: 0x%08x", i, got);
  }
  rng_init(&rng, 42, 0, 0, 0);
  for (int i = 0; i < 4; i++) {
    const double got = rng_uniform(&rng);
    CHECK(got == uniforms[i], "uniform %d: %.17g", i, got);
  }
  rng_init(&rng, 42, 0, 0, 0);
  for (int i = 0; i < 6; i++) {
    const double got = rng_normal(&rng);
    CHECK(got == normals[i], "normal %d: %.17g", i, got);
  }
  rng_init(&rng, 42, 0, 0, 3);
  for (int i = 0; i < 6; i++) {
    const uint32_t got = rng_integer(&rng, 3000000000u);
    CHECK(got == integers[i], "integer %d: %u", i, got);
  }
  rng_init(&rng, 42, 0, 7, 4);
  uint32_t got[10];
  rng_permutation(&rng, got, 10);
  for (int i = 0; i < 10; i++) CHECK(got[i] == order[i], "order[%d]: %u", i, got[i]);
  /* Every bit of 100,000 normals, tails included: FNV-1a over their two halves. */
  rng_init(&rng, 42, 0, 0, 0);
  uint32_t hash = 0x811c9dc5u;
  for (int i = 0; i < 100000; i++) {
    const double z = rng_normal(&rng);
    uint64_t bits;
    memcpy(&bits, &z, sizeof bits);
    hash = (hash ^ (uint32_t)bits) * 0x01000193u;
    hash = (hash ^ (uint32_t)(bits >> 32)) * 0x01000193u;
  }
  CHECK(hash == 0xacb47ebcu, "hash of 100,000 normals: 0x%08x", hash);
}

/* q and the z with Phi(z) = 1/2 + q, correctly rounded, from mpmath. */
static void normal_quantile_is_right_to_1e_14(void) {
  static const double known[][2] = {
    {0x1p-54, 1.3914582123358836e-16},
    {0x1p-20, 2.390507006295574e-06},
    {0x1.999999999999ap-4, 0.25334710313579983},
    {0x1.3333333333333p-2, 0.8416212335729142},
    {0x1.b333333333333p-2, 1.439531470938456},
    {0x1.b3333334eb013p-2, 1.439531471644893},
    {0x1.ccccccccccccdp-2, 1.6448536269514729},
    {0x1.f5c28f5c28f5cp-2, 2.3263478740408408},
    {0x1.fef9db22d0e56p-2, 3.090232306167813},
    {0x1.ffe5c91d14e3cp-2, 3.7190164854557084},
    {0x1.ffffbce4217d3p-2, 4.753424308828306},
    {0x1.ffffff543388fp-2, 5.612001244265849},
    {0x1.fffffffe4832p-2, 6.361340889697422},
    {0x1.ffffffffea028p-2, 6.806502478831548},
    {0x1.fffffffffffcp-2, 7.782590617802448},
    {0x1.fffffffffffffp-2, 8.292361075813595},
  };
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    const double got = normal_quantile(known[i][0]), mirrored = normal_quantile(-known[i][0]);
    CHECK(fabs(got / known[i][1] - 1) < 1e-14, "quantile of 1/2 + %a: %.17g", known[i][0], got);
    CHECK(mirrored == -got, "quantile of 1/2 - %a: %.17g", known[i][0], mirrored);
  }
}

static void rng_integer_is_even_handed(void) {
  struct rng rng;
  rng_init(&rng, 42, 0, 0, 0);
  int counts[6] = {0};
  for (int i = 0; i < 60000; i++) counts[rng_integer(&rng, 6)]++;
  /* Standard deviation 91: five of them. */
  for (int i = 0; i < 6; i++) CHECK(abs(counts[i] - 10000) < 455, "%d came %d times", i, counts[i]);
  CHECK(rng_integer(&rng, 1) == 0, "of one number, it is 0");
}

static void rng_test(void) {
  philox_gives_the_published_answers();
  rng_u32_reads_block_after_block();
  seed_42_gives_the_values_of_the_typescript_twin();
  normal_quantile_is_right_to_1e_14();
  rng_integer_is_even_handed();
}
