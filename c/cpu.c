/* cpu.c: which SIMD levels this processor has, and which one is in use. */
#include "base.h"

/* What code of a level may use, in the words of the target attribute. */
#define TARGET_AVX2 "avx2,fma,bmi,bmi2"
#if __clang_major__ >= 22
#define TARGET_AVX512 TARGET_AVX2 ",avx512f,avx512vl,avx512dq,avx512bw,prefer-512-bit"
#else
#define TARGET_AVX512 TARGET_AVX2 ",avx512f,avx512vl,avx512dq,avx512bw,evex512"
#endif

#if defined(__x86_64__)
#include <cpuid.h>

static uint64_t enabled_registers(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

/* AVX2 with FMA, AVX-512 with the F, DQ, BW and VL parts: only where the system saves their registers, too. */
static int32_t best_level(void) {
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return GRADUS_LEVEL_PLAIN;
  uint32_t needed = bit_OSXSAVE | bit_AVX | bit_FMA;
  if ((c & needed) != needed) return GRADUS_LEVEL_PLAIN;
  uint64_t enabled = enabled_registers();
  if ((enabled & 0x06) != 0x06) return GRADUS_LEVEL_PLAIN;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return GRADUS_LEVEL_PLAIN;
  needed = bit_AVX2 | bit_BMI | bit_BMI2;
  if ((b & needed) != needed) return GRADUS_LEVEL_PLAIN;
  needed = bit_AVX512F | bit_AVX512DQ | bit_AVX512BW | bit_AVX512VL;
  if ((b & needed) != needed || (enabled & 0xe6) != 0xe6) return GRADUS_LEVEL_AVX2;
  return GRADUS_LEVEL_AVX512;
}
#elif defined(__aarch64__)
static int32_t best_level(void) { return GRADUS_LEVEL_NEON; }
#elif defined(__wasm_relaxed_simd__)
static int32_t best_level(void) { return GRADUS_LEVEL_RELAXED; }
#elif defined(__wasm__)
static int32_t best_level(void) { return GRADUS_LEVEL_SIMD128; }
#else
static int32_t best_level(void) { return GRADUS_LEVEL_PLAIN; }
#endif

/* Levels above the machine's best are never used, whatever the limit. */
OUT_OF_LINE int32_t level_below(int32_t limit) {
  int32_t best = best_level();
  if (limit >= best) return best;
#if defined(__x86_64__)
  if (limit >= GRADUS_LEVEL_AVX2) return GRADUS_LEVEL_AVX2;
#endif
  return GRADUS_LEVEL_PLAIN;
}
