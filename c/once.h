/* once.h: networks, compiled once for each type: what computes in them are the kernels of a level, which are given.
 * K(f) is f_f32_once. */
#define LEVEL once
#define LEVEL_FMA FMA_EMULATED

#define REAL_BITS 64
#include "real.h"
#include "kernels.h"
#include "mlp.c"
#include "real_end.h"

#define REAL_BITS 32
#include "real.h"
#include "kernels.h"
#include "mlp.c"
#include "real_end.h"

/* By GRADUS_DTYPE. The kernels are those of that type. */
static const struct {
  void (*predict)(const void *kernels, const struct gradus_job *, void *, const void *, const void *, void *);
  void (*backward)(const void *kernels, const struct gradus_job *, void *, void *, const void *, void *);
  int32_t (*evaluate)(const void *kernels, struct gradus_job *, const void *, const void *, const void *, void *);
  int32_t (*epoch)(const void *kernels, struct gradus_job *, void *, void *, const void *, const void *, void *);
} networks[] = {
    [GRADUS_DTYPE_FLOAT32] = {mlp_predict_f32_once, mlp_backward_f32_once, mlp_evaluate_f32_once, mlp_epoch_f32_once},
    [GRADUS_DTYPE_FLOAT64] = {mlp_predict_f64_once, mlp_backward_f64_once, mlp_evaluate_f64_once, mlp_epoch_f64_once},
};

#undef LEVEL
#undef LEVEL_FMA
