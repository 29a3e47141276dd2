/* avx512.c: x86-64 with AVX-512: 32 registers of 64 bytes, 24 of them for the accumulators of a tile. What computes
 * number by number, and what memory limits in tensors, is that of AVX2. */
#define LEVEL avx512
#define SCALARS avx2
#define LEVEL_FMA FMA_INSTRUCTION
#define VECTOR_BYTES 64
#define TILE_ROWS 12
#define TILE_VECTORS 2
#pragma clang attribute push(__attribute__((target(TARGET_AVX512))), apply_to = function)
#include "../level.h"
#pragma clang attribute pop
