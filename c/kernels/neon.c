/* neon.c: arm64, where NEON and fma belong to the base: 32 registers of 16 bytes, 24 of them for the accumulators. */
#define LEVEL neon
#define LEVEL_FMA FMA_INSTRUCTION
#define VECTOR_BYTES 16
#define TILE_ROWS 6
#define TILE_VECTORS 4
#include "../level.h"
