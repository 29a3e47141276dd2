/* avx2.c: x86-64 with AVX2 and FMA: 16 registers of 32 bytes, 12 of them for the accumulators of a tile. */
#define LEVEL avx2
#define LEVEL_FMA FMA_INSTRUCTION
#define VECTOR_BYTES 32
#define TILE_ROWS 6
#define TILE_VECTORS 2
#pragma clang attribute push(__attribute__((target(TARGET_AVX2))), apply_to = function)
#include "../level.h"
#pragma clang attribute pop
