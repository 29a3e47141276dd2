/* gradus.c: the library as one translation unit, its parts in the order of their dependencies, and the exported
 * functions: each checks its arguments and hands over to the level in use. */
#define _POSIX_C_SOURCE 200809L /* threads and their signals, beside ISO C */

#include "base.h"
#include "ops.h"
#include "fma.h"
#include "memory.c"
#include "rng.c"
#include "cpu.c"
#include "threads.c"
#include "integers.c"
#include "tensor.c"
#include "tensor_index.c"
#include "tensor_reduce.c"
#include "once.h"

/* What a level offers; level.h fills one in for each. */
struct entries {
  void (*gemm)(void *, const void *, const void *, const int32_t *, const int32_t *);
  double (*norm)(const void *, size_t);
  void (*scale)(void *, double, size_t);
  void (*optimizer)(struct gradus_job *, void *, const void *, void *, size_t);
  const void *kernels; /* of networks */
  strip_function *strip;
  strip_function *compare; /* y is of bytes, the operation one of gives_bytes() */
  void (*products)(void *, const void *, const void *, const int32_t *);
  void (*rows)(void *, const void *, const void *, const int32_t *);
  void (*normalize)(void *, void *, const void *, const int32_t *, double);
  void (*cross_entropy)(void *, void *, const void *, const int32_t *, const int32_t *);
  reduce_down *reduce[GRADUS_REDUCTION_MIN + 1];
};

struct program;

struct level {
  int32_t (*value_forward)(double *, const uint32_t *, uint32_t, uint32_t);
  int32_t (*value_backward)(double *, uint8_t *, uint32_t *, const double *, const uint32_t *, int32_t);
  void (*program_once)(uint32_t *, strip_function *);
  void (*program_run)(double *, const double *, const struct program *, const double *, double *, size_t);
  struct entries of[2];
};

#include "kernels/plain.c"
#if defined(__x86_64__)
#include "kernels/avx2.c"
#include "kernels/avx512.c"
#elif defined(__aarch64__)
#include "kernels/neon.c"
#elif defined(__wasm__)
#include "kernels/wasm.c"
#endif

static const struct level *const levels[] = {
    [GRADUS_LEVEL_PLAIN] = &level_plain,
#if defined(__x86_64__)
    [GRADUS_LEVEL_AVX2] = &level_avx2,
    [GRADUS_LEVEL_AVX512] = &level_avx512,
#elif defined(__aarch64__)
    [GRADUS_LEVEL_NEON] = &level_neon,
#elif defined(__wasm_relaxed_simd__)
    [GRADUS_LEVEL_RELAXED] = &level_relaxed,
#elif defined(__wasm__)
    [GRADUS_LEVEL_SIMD128] = &level_simd128,
#endif
};

static int32_t level_in_use = -1;

static const struct level *level(void) { return levels[gradus_level(-1)]; }

/* ---- the library ---- */

#ifndef GRADUS_FINGERPRINT
#define GRADUS_FINGERPRINT 0u
#endif

uint32_t gradus_fingerprint(void) { return GRADUS_FINGERPRINT; }

int32_t gradus_level(int32_t limit) {
  int32_t current = __atomic_load_n(&level_in_use, __ATOMIC_RELAXED);
  if (limit >= 0 || current < 0) {
    current = level_below(limit >= 0 ? limit : INT32_MAX);
    __atomic_store_n(&level_in_use, current, __ATOMIC_RELAXED);
  }
  return current;
}

int32_t gradus_threads(int32_t count) { return threads_wanted(count); }

/* ---- random numbers ---- */

static struct rng rng_from(const uint32_t *generator) {
  struct rng rng;
  rng_init(&rng, generator[0], generator[1], generator[2], generator[3]);
  return rng;
}

int32_t gradus_random_uniform(double *out, const uint32_t *generator, int32_t n) {
  REQUIRE(n >= 0 && (n == 0 || out) && generator);
  struct rng rng = rng_from(generator);
  for (int32_t i = 0; i < n; i++) out[i] = rng_uniform(&rng);
  return GRADUS_OK;
}

int32_t gradus_random_normal(double *out, const uint32_t *generator, int32_t n) {
  REQUIRE(n >= 0 && (n == 0 || out) && generator);
  struct rng rng = rng_from(generator);
  for (int32_t i = 0; i < n; i++) out[i] = rng_normal(&rng);
  return GRADUS_OK;
}

int32_t gradus_random_permutation(uint32_t *order, const uint32_t *generator, int32_t n) {
  REQUIRE(n >= 0 && (n == 0 || order) && generator);
  struct rng rng = rng_from(generator);
  rng_permutation(&rng, order, (uint32_t)n);
  return GRADUS_OK;
}

/* ---- the scalar tape ---- */

int32_t gradus_value_forward(double *data, const uint32_t *record, int32_t from, int32_t to) {
  REQUIRE(from >= 0 && from <= to && (from == to || (data && record)));
  return level()->value_forward(data, record, (uint32_t)from, (uint32_t)to);
}

int32_t gradus_value_backward(double *grad, uint8_t *mark, uint32_t *reached, const double *data,
                              const uint32_t *record, int32_t roots) {
  REQUIRE(roots >= 0 && grad && mark && reached && data && record);
  return level()->value_backward(grad, mark, reached, data, record, roots);
}

int32_t gradus_program_check(const uint32_t *program) {
  REQUIRE(program);
  uint32_t records = program[0], runs = program[1], from = program[2];
  const uint32_t *record = program + 4 + 2 * (size_t)records, *run = record + 2 * (size_t)records;
  REQUIRE(from <= records && records_are_valid(record, from, records));
  REQUIRE(runs_are_valid(record, run, runs, from, records));
  return GRADUS_OK;
}

int32_t gradus_program_once(uint32_t *program) {
  REQUIRE(program);
  level()->program_once(program, level()->of[GRADUS_DTYPE_FLOAT64].strip);
  return GRADUS_OK;
}

int32_t gradus_program_run(double *outputs, const double *inputs, const uint32_t *program, const double *uniforms,
                           double *scratch, int32_t rows) {
  REQUIRE(rows >= 0 && program && scratch);
  struct program p = program_from(program, level()->of[GRADUS_DTYPE_FLOAT64].strip);
  REQUIRE(program_is_valid(&p) && (p.uniforms == 0 || uniforms));
  if (rows == 0 && p.sums == 0) return GRADUS_OK;
  REQUIRE(outputs && (rows == 0 || p.inputs == 0 || inputs));
  double *registers = (double *)(((uintptr_t)scratch + ALIGNMENT - 1) & ~(uintptr_t)(ALIGNMENT - 1));
  level()->program_run(outputs, inputs, &p, uniforms, registers, (size_t)rows);
  return GRADUS_OK;
}

/* What follows checks and hands over: it is compiled for size. */
#pragma clang attribute push(__attribute__((minsize)), apply_to = function)

/* ---- networks ---- */

static int activation_is_valid(int32_t activation, int is_last) {
  switch (activation) {
#define X(name, value, derivative) case OP_##name:
    GRADUS_ACTIVATION_OPS(X)
#undef X
    case GRADUS_ACTIVATION_LINEAR: return 1;
    case GRADUS_ACTIVATION_SOFTMAX: return is_last;
    default: return 0;
  }
}

static int dtype_is_valid(int32_t dtype) { return dtype == GRADUS_DTYPE_FLOAT32 || dtype == GRADUS_DTYPE_FLOAT64; }

OUT_OF_LINE int job_is_valid(const struct gradus_job *job) {
  if (!job || !dtype_is_valid(job->dtype) || job->reserved != 0) return 0;
  if (job->nin < 1 || job->layers < 1 || job->rows < 0 || job->chunk < 1) return 0;
  if (job->inputs_kind < GRADUS_INPUTS_REALS || job->inputs_kind > GRADUS_INPUTS_UINT8) return 0;
  for (int32_t l = 0; l < job->layers; l++)
    if (job_net(job)[2 * l] < 1 || !activation_is_valid(layer_activation(job, l), l == job->layers - 1)) return 0;
  return 1;
}

static const struct entries *entries_for(int32_t dtype) { return &level()->of[dtype]; }

static const void *kernels_for(int32_t dtype) { return entries_for(dtype)->kernels; }

double gradus_mlp_scratch(const struct gradus_job *job) {
  if (!job_is_valid(job)) return 0;
  double stride = (double)job_stride(job), size = job->dtype == GRADUS_DTYPE_FLOAT64 ? sizeof(double) : sizeof(float);
  double features = 2 * (double)widest_layer(job) + (double)layer_nout(job, job->layers - 1) + 3 + 2 * (double)job->nin;
  for (int32_t l = 0; l < job->layers; l++) features += 2 * (double)layer_nout(job, l);
  return ALIGNMENT + stride * (sizeof(double) + size * features);
}

int32_t gradus_mlp_predict(const struct gradus_job *job, void *outputs, const void *parameters, const void *inputs,
                           void *scratch) {
  REQUIRE(job_is_valid(job) && parameters && scratch && (job->rows == 0 || (outputs && inputs)));
  networks[job->dtype].predict(kernels_for(job->dtype), job, outputs, parameters, inputs, scratch);
  return GRADUS_OK;
}

int32_t gradus_mlp_forward(const struct gradus_job *job, void *outputs, const void *parameters, const void *inputs,
                           void *scratch) {
  REQUIRE(job_is_valid(job) && parameters && scratch && outputs && inputs && job->rows >= 1 && job->rows <= job->chunk);
  networks[job->dtype].predict(kernels_for(job->dtype), job, outputs, parameters, inputs, scratch);
  return GRADUS_OK;
}

int32_t gradus_mlp_backward(const struct gradus_job *job, void *input_gradient, void *parameters,
                            const void *output_gradient, void *scratch) {
  REQUIRE(job_is_valid(job) && parameters && scratch && output_gradient && job->rows >= 1 && job->rows <= job->chunk);
  networks[job->dtype].backward(kernels_for(job->dtype), job, input_gradient, parameters, output_gradient, scratch);
  return GRADUS_OK;
}

/* Losses and targets fit: known kinds, class numbers in range and only for the cross-entropy. */
static int data_is_valid(const struct gradus_job *job, const void *inputs, const void *targets) {
  if (job->rows < 1 || !inputs || !targets) return 0;
  if (job->loss_kind < GRADUS_LOSS_MSE || job->loss_kind > GRADUS_LOSS_CROSS_ENTROPY) return 0;
  if (job->ordered)
    for (int32_t i = 0; i < job->rows; i++)
      if (job_order(job)[i] >= (uint32_t)job->rows) return 0;
  if (job->targets_kind == GRADUS_TARGETS_ROWS) return 1;
  if (job->targets_kind != GRADUS_TARGETS_CLASSES || job->loss_kind != GRADUS_LOSS_CROSS_ENTROPY) return 0;
  const int32_t *classes = targets;
  for (int32_t i = 0; i < job->rows; i++)
    if (classes[i] < 0 || (size_t)classes[i] >= layer_nout(job, job->layers - 1)) return 0;
  return 1;
}

int32_t gradus_mlp_evaluate(struct gradus_job *job, const void *parameters, const void *inputs, const void *targets,
                            void *scratch) {
  REQUIRE(job_is_valid(job) && parameters && scratch && data_is_valid(job, inputs, targets));
  return networks[job->dtype].evaluate(kernels_for(job->dtype), job, parameters, inputs, targets, scratch);
}

int32_t gradus_mlp_epoch(struct gradus_job *job, void *parameters, void *state, const void *inputs, const void *targets,
                         void *scratch) {
  REQUIRE(job_is_valid(job) && parameters && scratch && data_is_valid(job, inputs, targets) && job->batch_size >= 1);
  int32_t arrays = job->optimizer == GRADUS_OPTIMIZER_NONE ? 0 : gradus_optimizer_state(job);
  REQUIRE(arrays == 0 || (arrays > 0 && state));
  return networks[job->dtype].epoch(kernels_for(job->dtype), job, parameters, state, inputs, targets, scratch);
}

/* ---- optimizers on their own ---- */

int32_t gradus_optimizer_state(const struct gradus_job *job) {
  if (!job || job->reserved != 0) return -1;
  switch (job->optimizer) {
    case GRADUS_OPTIMIZER_SGD: return job->momentum != 0;
    case GRADUS_OPTIMIZER_RMSPROP: return 1 + (job->centered != 0) + (job->momentum != 0);
    case GRADUS_OPTIMIZER_ADAM:
    case GRADUS_OPTIMIZER_ADAMW: return 2;
    case GRADUS_OPTIMIZER_LANGEVIN: return 1;
    default: return -1;
  }
}

int32_t gradus_optimizer_step(struct gradus_job *job, void *parameters, const void *gradients, void *state, int32_t n) {
  REQUIRE(job && dtype_is_valid(job->dtype) && n >= 0 && (n == 0 || (parameters && gradients)));
  int32_t arrays = gradus_optimizer_state(job);
  REQUIRE(arrays == 0 || (arrays > 0 && (n == 0 || state)));
  entries_for(job->dtype)->optimizer(job, parameters, gradients, state, (size_t)n);
  return GRADUS_OK;
}

double gradus_norm(const void *x, int32_t n, int32_t dtype) {
  if (n < 0 || (n > 0 && !x) || !dtype_is_valid(dtype)) return __builtin_nan("");
  return entries_for(dtype)->norm(x, (size_t)n);
}

int32_t gradus_scale(void *x, double factor, int32_t n, int32_t dtype) {
  REQUIRE(n >= 0 && (n == 0 || x) && dtype_is_valid(dtype));
  entries_for(dtype)->scale(x, factor, (size_t)n);
  return GRADUS_OK;
}

/* ---- the product ---- */

int32_t gradus_gemm(void *c, const void *a, const void *b, const int32_t *sizes, const int32_t *strides,
                    int32_t dtype) {
  REQUIRE(dtype_is_valid(dtype) && sizes && strides && sizes[0] >= 0 && sizes[1] >= 0 && sizes[2] >= 0);
  if (sizes[0] == 0 || sizes[1] == 0 || sizes[2] == 0) return GRADUS_OK;
  REQUIRE(c && a && b && strides[4] >= sizes[1]);
  for (int i = 0; i < 4; i++) REQUIRE(strides[i] >= 0);
  entries_for(dtype)->gemm(c, a, b, sizes, strides);
  return GRADUS_OK;
}

/* ---- tensors ---- */

int32_t gradus_tensor_apply(void *y, const void *x0, const void *x1, const void *x2, const void *x3,
                            const int32_t *plan) {
  const void *x[INPUTS_MAX] = {x0, x1, x2, x3};
  struct apply apply;
  REQUIRE(plan && apply_read(&apply, y, x, plan));
  if (apply.space.count == 0) return GRADUS_OK;
  if (apply.compute == GRADUS_ELEMENT_INT64) apply_plan(&apply, integer_strip, NULL);
  else apply_plan(&apply, entries_for(apply.compute)->strip, entries_for(apply.compute)->compare);
  return GRADUS_OK;
}

int32_t gradus_tensor_select(void *y, const void *condition, const void *a, const void *b, const int32_t *plan) {
  void *const array[CHOICE_VIEWS] = {y, (void *)(uintptr_t)condition, (void *)(uintptr_t)a, (void *)(uintptr_t)b};
  struct choice choice;
  REQUIRE(plan && choice_read(&choice, array, plan));
  if (choice.space.count > 0) choice_plan(&choice);
  return GRADUS_OK;
}

/* Whether no size is negative and there are at most INT32_MAX elements. */
static int sizes_are_valid(const int32_t *size, int n) {
  if (!none_is_negative(size, (size_t)n)) return 0;
  uint64_t elements = 1;
  for (int i = 0; i < n; i++)
    if (size[i] == 0) return 1;
  for (int i = 0; i < n; i++) {
    elements *= (uint64_t)size[i];
    if (elements > INT32_MAX) return 0;
  }
  return 1;
}

/* The types that are computed with: reals and INT64. */
static int is_computed(int32_t type) { return dtype_is_valid(type) || type == GRADUS_ELEMENT_INT64; }

static int is_floating_only(int32_t reduction) {
  return reduction == GRADUS_REDUCTION_MEAN || reduction == GRADUS_REDUCTION_SUM_SQUARES;
}

/* A plan of reduce or scan, with x and y at their first elements. */
static struct reduction reduction_of(void *y, const void *x, const int32_t *plan) {
  size_t bytes = element_bytes(plan[1]);
  return (struct reduction){
      .kind = plan[0], .type = plan[1], .bytes = bytes,
      .outer = (size_t)plan[3], .count = (size_t)plan[4], .inner = (size_t)plan[5],
      .x = (const char *)x + (size_t)plan[2] * bytes, .y = y,
  };
}

int32_t gradus_tensor_reduce(void *y, const void *x, const int32_t *plan) {
  REQUIRE(plan && is_computed(plan[1]) && plan[2] >= 0 && sizes_are_valid(plan + 3, 3));
  REQUIRE(plan[0] >= GRADUS_REDUCTION_SUM && plan[0] <= GRADUS_REDUCTION_ARGMIN);
  REQUIRE(plan[1] != GRADUS_ELEMENT_INT64 || !is_floating_only(plan[0]));
  if (plan[3] == 0 || plan[5] == 0) return GRADUS_OK;
  REQUIRE((int64_t)plan[3] * plan[5] <= INT32_MAX);
  REQUIRE(y && (plan[4] > 0 ? x != NULL : plan[0] < GRADUS_REDUCTION_MAX));
  struct reduction of = reduction_of(y, x, plan);
  const int32_t kind = extreme_of(of.kind);
  if (of.type == GRADUS_ELEMENT_INT64) {
    of.down = of.combine = whole_reduction(kind);
  } else {
    of.down = entries_for(of.type)->reduce[kind];
    /* Sums of squares are added up. */
    const int32_t together = kind == GRADUS_REDUCTION_SUM_SQUARES ? GRADUS_REDUCTION_SUM : kind;
    of.combine = entries_for(GRADUS_ELEMENT_FLOAT64)->reduce[together];
  }
  if (kind != of.kind) reduce_to_index(&of);
  else reduce(&of);
  return GRADUS_OK;
}

int32_t gradus_tensor_scan(void *y, const void *x, const int32_t *plan) {
  REQUIRE(plan && is_computed(plan[1]) && plan[2] >= 0 && sizes_are_valid(plan + 3, 3));
  REQUIRE(plan[0] == GRADUS_REDUCTION_SUM || plan[0] == GRADUS_REDUCTION_PROD);
  if (plan[3] == 0 || plan[4] == 0 || plan[5] == 0) return GRADUS_OK;
  REQUIRE(y && x);
  struct reduction of = reduction_of(y, x, plan);
  each_column(&of, scan_columns);
  return GRADUS_OK;
}

int32_t gradus_tensor_rows(void *y, const void *x, const void *z, const int32_t *plan) {
  REQUIRE(plan && plan[0] >= GRADUS_ROWS_SOFTMAX && plan[0] <= GRADUS_ROWS_NORMALIZE_GRADIENT);
  REQUIRE(dtype_is_valid(plan[1]));
  REQUIRE(sizes_are_valid(plan + 2, 2) && none_is_negative(plan + 4, 2));
  if (plan[2] == 0 || plan[3] == 0) return GRADUS_OK;
  REQUIRE(y && x && (z || plan[0] < GRADUS_ROWS_SOFTMAX_GRADIENT));
  entries_for(plan[1])->rows(y, x, z, plan);
  return GRADUS_OK;
}

int32_t gradus_tensor_normalize(void *y, void *scale, const void *x, const int32_t *plan, double eps) {
  REQUIRE(plan && dtype_is_valid(plan[0]) && sizes_are_valid(plan + 1, 2) && plan[3] >= 0);
  if (plan[1] == 0 || plan[2] == 0) return GRADUS_OK;
  REQUIRE(y && scale && x);
  entries_for(plan[0])->normalize(y, scale, x, plan, eps);
  return GRADUS_OK;
}

int32_t gradus_tensor_cross_entropy(void *loss, void *gradient, const void *x, const int32_t *classes,
                                    const int32_t *plan) {
  REQUIRE(plan && dtype_is_valid(plan[0]) && sizes_are_valid(plan + 1, 2) && none_is_negative(plan + 3, 2));
  if (plan[1] == 0) return GRADUS_OK;
  REQUIRE(loss && x && classes);
  for (int32_t r = 0; r < plan[1]; r++) REQUIRE(classes[plan[4] + r] >= 0 && classes[plan[4] + r] < plan[2]);
  entries_for(plan[0])->cross_entropy(loss, gradient, x, classes, plan);
  return GRADUS_OK;
}

int32_t gradus_tensor_gather(void *y, const void *x, const int32_t *index, const int32_t *plan) {
  REQUIRE(plan && plan[0] > 0 && sizes_are_valid(plan + 1, 2));
  if (plan[1] == 0 || plan[2] == 0) return GRADUS_OK;
  REQUIRE(y && x && index && none_is_negative(index, (size_t)plan[1]));
  gather(y, x, index, (size_t)plan[0], (size_t)plan[2], (size_t)plan[1]);
  return GRADUS_OK;
}

int32_t gradus_tensor_scatter(void *y, const void *x, const int32_t *index, const int32_t *plan) {
  REQUIRE(plan && element_bytes(plan[0]) > 0 && sizes_are_valid(plan + 1, 2));
  scatter_add *add = scatter_add_of(plan[0]);
  REQUIRE(plan[3] == 0 || (plan[3] == 1 && add));
  if (plan[1] == 0 || plan[2] == 0) return GRADUS_OK;
  REQUIRE(y && x && index && none_is_negative(index, (size_t)plan[1]));
  if (plan[3]) add(y, x, index, (size_t)plan[2], (size_t)plan[1]);
  else scatter(y, x, index, element_bytes(plan[0]), (size_t)plan[2], (size_t)plan[1]);
  return GRADUS_OK;
}

int32_t gradus_tensor_sort(int32_t *index, const void *x, void *scratch, const int32_t *plan) {
  REQUIRE(plan && is_computed(plan[0]) && sizes_are_valid(plan + 1, 2) && plan[3] >= 0);
  REQUIRE(plan[4] == 0 || plan[4] == 1);
  if (plan[1] == 0 || plan[2] == 0) return GRADUS_OK;
  REQUIRE(index && x && scratch);
  sort_rows(index, x, (void *)(((uintptr_t)scratch + 7) & ~(uintptr_t)7), plan);
  return GRADUS_OK;
}

int32_t gradus_tensor_product(void *c, const void *a, const void *b, const int32_t *plan) {
  REQUIRE(plan && is_computed(plan[0]) && none_is_negative(plan + 1, 8));
  size_t batches = (size_t)plan[8];
  REQUIRE(sizes_are_valid(plan + 1, 2) && none_is_negative(plan + PRODUCT_WORDS, 3 * batches));
  if (plan[1] == 0 || plan[2] == 0 || batches == 0) return GRADUS_OK;
  REQUIRE(c && (plan[3] == 0 || (a && b)));
  if (plan[0] == GRADUS_ELEMENT_INT64) whole_products(c, a, b, plan);
  else entries_for(plan[0])->products(c, a, b, plan);
  return GRADUS_OK;
}

#pragma clang attribute pop
