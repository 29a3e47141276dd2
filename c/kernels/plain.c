/* plain.c: the portable level. Any processor runs it; fma is emulated exactly, so it is slow, and the oracle of
 * the others; it is compiled for size. */
#define LEVEL plain
#define LEVEL_FMA FMA_EMULATED
#define VECTOR_BYTES 16
#define TILE_ROWS 2
#define TILE_VECTORS 1
#define ELEMENTARY OUT_OF_LINE
#pragma clang attribute push(__attribute__((minsize)), apply_to = function)
#include "../level.h"
#pragma clang attribute pop
