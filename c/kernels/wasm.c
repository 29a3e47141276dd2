/* wasm.c: WebAssembly: 16 registers of 16 bytes on most processors, 8 of them for the accumulators of a tile. The
 * compiler has no fma there, but contracts a·b + c where it is told to. With relaxed SIMD wasm_fma.ll makes of that the
 * instruction which rounds once, where the processor has it: the level `relaxed`. Without, it becomes a product and a
 * sum, each rounded: the level `simd128`, the only one whose bits are not those of the others. */
#if defined(__wasm_relaxed_simd__)
#define LEVEL relaxed
#else
#define LEVEL simd128
#endif
#define LEVEL_FMA FMA_CONTRACTED
#define VECTOR_BYTES 16
#define TILE_ROWS 4
#define TILE_VECTORS 2
#include "../level.h"
