/* level.h: everything that computes, compiled once for a SIMD level: the including file of kernels/ says which. The
 * level decides the width of a vector and the size of a tile, never the order of operations on one number, so that all
 * levels give the same bits. Ends with the level's table of entry points, `struct level`. */
#define K_(name, level, type) CONCAT4(name, type, _, level)

/* Whose code computes number by number, sums, and goes over strips and rows of tensors, where memory decides how long
 * that takes: the level's own, unless its file says that another's is as good. */
#ifndef SCALARS
#define SCALARS LEVEL
#define HAS_SCALARS
#endif

#define REAL_BITS 64
#include "real.h"
#include "elementary.h"
#include "elementwise.c"
#include "vector.h"
#include "gemm.c"
#include "reduce.c"
#include "loss.c"
#include "optim.c"
#include "tensor_product.c"
#ifdef HAS_SCALARS
#include "tensor_rows.c"
#include "value.c"
#include "program.c"
#endif
#include "strips.c"
#include "real_end.h"

#define REAL_BITS 32
#include "real.h"
#include "elementary.h"
#include "elementwise.c"
#include "vector.h"
#include "gemm.c"
#include "reduce.c"
#include "loss.c"
#include "optim.c"
#include "tensor_product.c"
#ifdef HAS_SCALARS
#include "tensor_rows.c"
#endif
#include "strips.c"
#include "real_end.h"

#define KERNELS(type)                                                                                                 \
  static const struct kernels##type K_(kernels, LEVEL, type) = {                                                      \
      K_(gemm, LEVEL, type), K_(turn, LEVEL, type), K_(function_forward, LEVEL, type),                                \
      K_(activation_backward, LEVEL, type), K_(softmax, LEVEL, type), K_(softmax_backward, LEVEL, type),              \
      K_(loss, LEVEL, type), K_(bias_gradient, LEVEL, type), K_(norm_entry, LEVEL, type),                             \
      K_(scale_entry, LEVEL, type), K_(update_of, SCALARS, type), K_(update_all, LEVEL, type),                        \
      K_(update_range, LEVEL, type),                                                                                  \
  };
KERNELS(_f32)
KERNELS(_f64)
#undef KERNELS

#define ENTRIES(type)                                                                                                 \
  {                                                                                                                   \
    K_(gemm_entry, LEVEL, type), K_(norm_entry, LEVEL, type), K_(scale_entry, LEVEL, type),                           \
        K_(optimizer_entry, LEVEL, type), &K_(kernels, LEVEL, type), K_(strip_entry, LEVEL, type),                    \
        K_(compare_entry, SCALARS, type), K_(products_entry, LEVEL, type), K_(rows_entry, SCALARS, type),             \
        K_(normalize_entry, SCALARS, type), K_(cross_entropy_entry, SCALARS, type),                                   \
        {                                                                                                             \
            [GRADUS_REDUCTION_SUM] = K_(sum_down, SCALARS, type),                                                     \
            [GRADUS_REDUCTION_MEAN] = K_(sum_down, SCALARS, type),                                                    \
            [GRADUS_REDUCTION_SUM_SQUARES] = K_(sum_squares_down, SCALARS, type),                                     \
            [GRADUS_REDUCTION_PROD] = K_(prod_down, SCALARS, type),                                                   \
            [GRADUS_REDUCTION_MAX] = K_(max_down, SCALARS, type),                                                     \
            [GRADUS_REDUCTION_MIN] = K_(min_down, SCALARS, type),                                                     \
        },                                                                                                            \
  }

static const struct level CONCAT4(level, _, LEVEL, ) = {
    .value_forward = K_(value_forward, SCALARS, _f64),
    .value_backward = K_(value_backward, SCALARS, _f64),
    .program_once = K_(program_once, SCALARS, _f64),
    .program_run = K_(program_run, SCALARS, _f64),
    .of = {[GRADUS_DTYPE_FLOAT32] = ENTRIES(_f32), [GRADUS_DTYPE_FLOAT64] = ENTRIES(_f64)},
};

#undef ENTRIES
#undef K_
#undef SCALARS
#undef HAS_SCALARS
#undef LEVEL
#undef LEVEL_FMA
#undef VECTOR_BYTES
#undef TILE_ROWS
#undef TILE_VECTORS
#undef ELEMENTARY
