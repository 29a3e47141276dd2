/* The seeded generator: see rng.h. Here every double operation is rounded on its own (no fma) and only
 * + - * / and sqrt are used, so that src/random.ts reproduces each bit in plain JavaScript. */

#include "rng.h"

#include <assert.h>
#include <string.h>

/* ---- Philox4x32-10 ---- */

static void philox(uint32_t block[4], const uint32_t counter[4], const uint32_t key[2]) {
  uint32_t x0 = counter[0], x1 = counter[1], x2 = counter[2], x3 = counter[3];
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; round++) {
    const uint64_t p0 = (uint64_t)x0 * 0xD2511F53u;
    const uint64_t p1 = (uint64_t)x2 * 0xCD9E8D57u;
    x0 = (uint32_t)(p1 >> 32) ^ x1 ^ k0;
    x1 = (uint32_t)p1;
    x2 = (uint32_t)(p0 >> 32) ^ x3 ^ k1;
    x3 = (uint32_t)p0;
    k0 += 0x9E3779B9u; /* the golden ratio */
    k1 += 0xBB67AE85u; /* sqrt(3) - 1 */
  }
  block[0] = x0;
  block[1] = x1;
  block[2] = x2;
  block[3] = x3;
}

static void rng_init(struct rng *rng, uint32_t seed_low, uint32_t seed_high, uint32_t stream_low,
                     uint32_t stream_high) {
  *rng = (struct rng){
    .key = {seed_low, seed_high},
    .counter = {0, 0, stream_low, stream_high},
    .used = 4,
  };
}

static uint32_t rng_u32(struct rng *rng) {
  if (rng->used == 4) {
    philox(rng->block, rng->counter, rng->key);
    if (++rng->counter[0] == 0) rng->counter[1]++;
    rng->used = 0;
  }
  return rng->block[rng->used++];
}

/* ---- what is drawn ---- */

static double rng_uniform(struct rng *rng) {
  const uint32_t a = rng_u32(rng) >> 5, b = rng_u32(rng) >> 6;
  return ((double)a * 0x1p26 + (double)b) * 0x1p-53;
}

/* The natural logarithm of a normal double 0 < x < 1/2, to 1 ulp or so, in operations JavaScript has.
 *   x = m 2^e with m in [sqrt(1/2), sqrt 2): e = floor(log2 x), m = x / 2^e; if m > 0x1.6a09e667f3bcdp0
 *   then m = m / 2, e = e + 1.
 *   s = (m - 1) / (m + 1), z = s s, log m = 2 artanh s = 2 (s + s^3/3 + s^5/5 + ...):
 *   q = Horner in z over 1/21, 1/19, ..., 1/3, each step q = q * z + c, each c one rounded division;
 *   r = s * z; r = r * q; r = r + s; r = r + r;
 *   log x = e * LN2_HIGH + (r + e * LN2_LOW), LN2_HIGH being exact to e's 10 bits. */
static double rng_log(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  double e = (double)(bits >> 52) - 1023.0;
  bits = (bits & 0xFFFFFFFFFFFFFu) | 0x3FF0000000000000u;
  double m;
  memcpy(&m, &bits, sizeof m);
  if (m > 0x1.6a09e667f3bcdp0) {
    m = m / 2.0;
    e = e + 1.0;
  }
  const double s = (m - 1.0) / (m + 1.0);
  const double z = s * s;
  double q = 1.0 / 21.0;
  for (double n = 19.0; n >= 3.0; n = n - 2.0) q = q * z + 1.0 / n;
  double r = s * z;
  r = r * q;
  r = r + s;
  r = r + r;
  return e * 0x1.62e42fefa3800p-1 + (r + e * 0x1.ef35793c76730p-45);
}

static double ratio(const double num[8], const double den[8], double r) {
  double p = num[7], q = den[7];
  for (int i = 6; i >= 0; i--) {
    p = p * r + num[i];
    q = q * r + den[i];
  }
  return p / q;
}

/* The z with Phi(z) = 1/2 + q, for |q| < 1/2: Wichura's PPND16, about 1 part in 10^16.
 * Source: Algorithm AS 241, Applied Statistics 37 (1988), 477-484. */
static double normal_quantile(double q) {
  static const double a[8] = {
    3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
    1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
    3.3430575583588128105e+4, 2.5090809287301226727e+3,
  };
  static const double b[8] = {
    1.0,                      4.2313330701600911252e+1, 6.8718700749205790830e+2,
    5.3941960214247511077e+3, 2.1213794301586595867e+4, 3.9307895800092710610e+4,
    2.8729085735721942674e+4, 5.2264952788528545610e+3,
  };
  static const double c[8] = {
    1.42343711074968357734e0,  4.63033784615654529590e0,  5.76949722146069140550e0,
    3.64784832476320460504e0,  1.27045825245236838258e0,  2.41780725177450611770e-1,
    2.27238449892691845833e-2, 7.74545014278341407640e-4,
  };
  static const double d[8] = {
    1.0,                       2.05319162663775882187e0,  1.67638483018380384940e0,
    6.89767334985100004550e-1, 1.48103976427480074590e-1, 1.51986665636164571966e-2,
    5.47593808499534494600e-4, 1.05075007164441684324e-9,
  };
  static const double e[8] = {
    6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
    2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
    2.71155556874348757815e-5, 2.01033439929228813265e-7,
  };
  static const double f[8] = {
    1.0,                       5.99832206555887937690e-1, 1.36929880922735805310e-1,
    1.48753612908506148525e-2, 7.86869131145613259100e-4, 1.84631831751005468180e-5,
    1.42151175831644588870e-7, 2.04426310338993978564e-15,
  };
  const double size = q < 0.0 ? -q : q;
  if (size <= 0.425) return q * ratio(a, b, 0.180625 - q * q);
  const double r = __builtin_sqrt(-rng_log(0.5 - size));
  const double z = r <= 5.0 ? ratio(c, d, r - 1.6) : ratio(e, f, r - 5.0);
  return q < 0.0 ? -z : z;
}

static double rng_normal(struct rng *rng) {
  /* The middle of the uniform's cell, less 1/2: (2j + 1) 2^-54 - 1/2, exact and symmetric about 0.
   * (u + 2^-54 itself would round, up to 1 in the last cell.) */
  return normal_quantile((rng_uniform(rng) - 0.5) + 0x1p-54);
}

/* Lemire, "Fast random integer generation in an interval", ACM TOMACS 29 (2019): the high half of
 * x n is unbiased once the lowest 2^32 mod n of the low halves are refused. */
static uint32_t rng_integer(struct rng *rng, uint32_t n) {
  assert(n >= 1);
  uint64_t m = (uint64_t)rng_u32(rng) * n;
  if ((uint32_t)m < n) {
    const uint32_t refused = (0u - n) % n;
    while ((uint32_t)m < refused) m = (uint64_t)rng_u32(rng) * n;
  }
  return (uint32_t)(m >> 32);
}

/* Fisher and Yates, from the end. */
static void rng_permutation(struct rng *rng, uint32_t *order, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) order[i] = i;
  for (uint32_t i = n; i-- > 1;) {
    const uint32_t j = rng_integer(rng, i + 1);
    const uint32_t swap = order[i];
    order[i] = order[j];
    order[j] = swap;
  }
}
