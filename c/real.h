/* real.h: opens a section compiled for one real type at one level; real_end.h closes it. Defines real, its integers,
 * the name mangler K(f) -> f_f32_avx2, KS(f) for that of the level whose code is used where memory decides (level.h),
 * T(f) -> f_f32 for what is the same at all levels, the literal R(x), and the exact K(fma). No include guard: included
 * once per type and level. */
#if REAL_BITS == 64
#define real double
#define other_real float
#define ubits uint64_t
#define ibits int64_t
#define K(name) CONCAT4(name, _f64, _, LEVEL)
#define T(name) name##_f64
#define KS(name) CONCAT4(name, _f64, _, SCALARS)
#else
#define real float
#define other_real double
#define ubits uint32_t
#define ibits int32_t
#define K(name) CONCAT4(name, _f32, _, LEVEL)
#define T(name) name##_f32
#define KS(name) CONCAT4(name, _f32, _, SCALARS)
#endif
#define K64(name) CONCAT4(name, _f64, _, LEVEL)
#define R(x) ((real)(x))

/* a·b + c, rounded once: the emulation would fill every loop if it were inlined. */
OUT_OF_LINE real K(fma_emulated)(real a, real b, real c) { return T(fma_exact)(a, b, c); }

/* The same, by what the level has. */
INLINE real K(fma)(real a, real b, real c) {
#if LEVEL_FMA == FMA_EMULATED
  return K(fma_emulated)(a, b, c);
#elif LEVEL_FMA == FMA_CONTRACTED
#pragma clang fp contract(on)
  return a * b + c;
#elif REAL_BITS == 64
  return __builtin_fma(a, b, c);
#else
  return __builtin_fmaf(a, b, c);
#endif
}

/* The same, rounded once at every level: where it is taken for an error of a product or a quotient. */
INLINE real K(fma_exact)(real a, real b, real c) {
#if LEVEL_FMA == FMA_CONTRACTED && !defined(__wasm_relaxed_simd__)
  return K(fma_emulated)(a, b, c);
#else
  return K(fma)(a, b, c);
#endif
}

INLINE real K(sqrt)(real x) {
#if REAL_BITS == 64
  return __builtin_sqrt(x);
#else
  return __builtin_sqrtf(x);
#endif
}

/* -1, 0 or 1; 0 of NaN. */
INLINE real K(sign)(real x) { return x > 0 ? R(1) : x < 0 ? R(-1) : 0; }

/* The larger and the smaller, and NaN if either is NaN. */
INLINE real K(max)(real a, real b) { return a > b || a != a ? a : b; }

INLINE real K(min)(real a, real b) { return a < b || a != a ? a : b; }

/* 0 up to 0, then 1; 1 of NaN. */
INLINE real K(step)(real x) { return x <= 0 ? 0 : R(1); }

/* 1 where a is above b, a half where they are equal, else 0; 1 where one is NaN. */
INLINE real K(above)(real a, real b) { return a < b ? 0 : a == b ? R(0.5) : R(1); }

/* a·b, and 0 where a is 0. */
INLINE real K(times)(real a, real b) { return a == 0 ? 0 : a * b; }

/* 1 where a = 0 and b >= 0, else 0. */
INLINE real K(zero_base)(real a, real b) { return a == 0 && b >= 0 ? R(1) : 0; }
