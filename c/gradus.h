/* gradus.h: the whole surface of the native library, documented for C users as for the TypeScript side.
 *
 * Every array belongs to the caller and is only borrowed during the call. Every function checks its arguments, returns a
 * status (0, or a negative number of GRADUS_STATUS) and on failure leaves the outputs untouched. There is no state but the
 * SIMD level in use. Results are the same bits at every level but one, and on every platform.
 *
 * tools/bindings.ts reads this file and writes src/bindings.ts; what it does not understand it refuses.
 * `real` below is float or double, as the job's dtype says. Matrices are row-major. */
#ifndef GRADUS_H
#define GRADUS_H

#include <stdint.h>

#if defined(_WIN32)
#define GRADUS_API __declspec(dllexport)
#else
#define GRADUS_API __attribute__((visibility("default")))
#endif

#define GRADUS_STATUS(X)                                                                        \
  X(OK, 0, "done")                                                                              \
  X(ARGUMENT, -1, "an argument is outside of what the function takes")                          \
  X(NUMERIC, -2, "a loss became NaN or infinite")

/* ---- the library ---- */

/* A hash of this header and ops.h: a library that answers another number than the bindings expect is stale. */
GRADUS_API uint32_t gradus_fingerprint(void);

/* SIMD128 and RELAXED are WebAssembly's: at SIMD128 alone a·b + c is rounded twice, so that its bits are not those of the
 * others. */
enum gradus_level {
  GRADUS_LEVEL_PLAIN = 0,
  GRADUS_LEVEL_NEON = 1,
  GRADUS_LEVEL_AVX2 = 2,
  GRADUS_LEVEL_AVX512 = 3,
  GRADUS_LEVEL_SIMD128 = 4,
  GRADUS_LEVEL_RELAXED = 5
};

/* The SIMD level in use. With limit >= 0 the best level of this machine that is not above limit is taken from now on; with
 * limit < 0 nothing changes. Not to be changed while another thread computes. */
GRADUS_API int32_t gradus_level(int32_t limit);

/* ---- random numbers: Philox4x32-10 ---- */

/* generator = {seed low, seed high, stream low, stream high}: n numbers from the start of that stream, in double precision.
 * uniform: in [0,1), 53 bits. normal: mean 0, variance 1, by inversion. ARGUMENT if n < 0. */
GRADUS_API int32_t gradus_random_uniform(double *out, const uint32_t *generator, int32_t n);
GRADUS_API int32_t gradus_random_normal(double *out, const uint32_t *generator, int32_t n);

/* A random order of 0 .. n-1 (Fisher and Yates). */
GRADUS_API int32_t gradus_random_permutation(uint32_t *order, const uint32_t *generator, int32_t n);

/* ---- the scalar tape ----
 *
 * Record i is two words: record[2i] = op | left << 8, an operation (ops.h) and its first operand, and record[2i + 1], the second
 * operand of a binary one. Operands are records below i, so the order of recording is an order of evaluation. op 0 is a number
 * that is already in data[i]; its second word is the caller's. So a tape has at most 2^24 records. */

/* data[i] for i in from .. to-1. ARGUMENT at a record that is not an operation on earlier records: what lies below it is
 * computed then. */
GRADUS_API int32_t gradus_value_forward(double *data, const uint32_t *record, int32_t from, int32_t to);

/* mark[i] between sweeps: 0 of an operation, NUMBER of a number that is to be told of, CONSTANT of one that is not. */
enum gradus_mark { GRADUS_MARK_REACHED = 127, GRADUS_MARK_NUMBER = 128, GRADUS_MARK_CONSTANT = 255 };

/* The reverse sweep over evaluated records, from record reached[0] downwards. The caller marks `roots` operations as REACHED and
 * sets their grad. What is reached first from above gets its gradient then, in place of what was there, and further ones are
 * added; grad of a constant is of no meaning. The sweep ends when no reached operation is left, so that it costs what lies
 * between the roots and the lowest operation that they depend on. Returned is how many numbers it has reached, and in `reached`,
 * which has room for all of the tape, their records; all marks are as they were between sweeps. ARGUMENT, in the middle of it,
 * if a reached record is not an operation on earlier records, or there are fewer roots. */
GRADUS_API int32_t gradus_value_backward(double *grad, uint8_t *mark, uint32_t *reached, const double *data,
                                         const uint32_t *record, int32_t roots);

/* ---- programs: recorded functions ---- */

/* For one input: program = {records, runs, from, 0}, then double data[records], then uint32_t record[2 * records], both as on a
 * tape, then uint32_t run[2 * runs] = {first record, count}: stretches among the records from .., in order, each of at most 64
 * operations of one kind on records before the stretch; the second word of a unary one in a run is 0. One buffer, since each
 * that is handed over takes as long as five operations. OK if it is such a program. */
GRADUS_API int32_t gradus_program_check(const uint32_t *program);

/* Computes data of the records from .., as gradus_value_forward does, but what is in a run together. The program is not
 * looked through again, which would take longer than computing it: gradus_program_check has to have accepted it. */
GRADUS_API int32_t gradus_program_once(uint32_t *program);

/* Over many rows: program = {operations, registers, uniforms, inputs, first, second, sums, strip}, then for each output of the
 * first group, of the second, and for each sum its operand, and for each operation {op | to << 8, left, right}. An operand is a
 * register, or 0x80000000 + the index of a number in uniforms, which is the same for all rows. Input j is in register j before
 * the first operation. No operation reads the register that it writes. strip, a multiple of 16 up to 256, is how many rows
 * go through the operations together; it is of no influence on the bits of any result. scratch: registers · strip + 8 · sums + 8
 * doubles; rows of a strip that are not there are computed from what lies there.
 *
 * outputs: the first group (rows,first) of inputs (rows,inputs), the second (rows,second), then each sum over all rows. ARGUMENT,
 * before anything is written, if the program is not one. */
GRADUS_API int32_t gradus_program_run(double *outputs, const double *inputs, const uint32_t *program, const double *uniforms,
                                      double *scratch, int32_t rows);

/* ---- networks ----
 *
 * A job describes a fully connected network and what is to be done with it. Behind the struct follow, in the same buffer,
 *   int32_t net[2 * layers]    nout and activation of each layer: 0 linear, a number of GRADUS_ACTIVATION_OPS, or 127,
 *                              softmax, for the last layer;
 *   uint32_t order[rows]       the rows in the order of use, if ordered is not 0.
 * parameters: for each layer weight (nout,nin) and bias (nout); then, in the same array, the gradients in the same order.
 * scratch: gradus_mlp_scratch(job) bytes. What it holds before and after a call is of no meaning; `kept` is the same, but for
 * what forward leaves there for backward. */
enum gradus_dtype { GRADUS_DTYPE_FLOAT32 = 0, GRADUS_DTYPE_FLOAT64 = 1 };

enum gradus_activation { GRADUS_ACTIVATION_LINEAR = 0, GRADUS_ACTIVATION_SOFTMAX = 127 };

enum gradus_loss {
  GRADUS_LOSS_NONE = 0,
  GRADUS_LOSS_MSE = 1,
  GRADUS_LOSS_MAE = 2,
  GRADUS_LOSS_HUBER = 3,
  GRADUS_LOSS_BINARY_CROSS_ENTROPY = 4,
  GRADUS_LOSS_BINARY_CROSS_ENTROPY_WITH_LOGITS = 5,
  GRADUS_LOSS_HINGE = 6,
  GRADUS_LOSS_CROSS_ENTROPY = 7
};

/* How targets are given: rows of nout reals, or one int32_t class number per row. */
enum gradus_targets { GRADUS_TARGETS_ROWS = 0, GRADUS_TARGETS_CLASSES = 1 };

enum gradus_optimizer {
  GRADUS_OPTIMIZER_NONE = 0,
  GRADUS_OPTIMIZER_SGD = 1,
  GRADUS_OPTIMIZER_RMSPROP = 2,
  GRADUS_OPTIMIZER_ADAM = 3,
  GRADUS_OPTIMIZER_ADAMW = 4,
  GRADUS_OPTIMIZER_LANGEVIN = 5
};

struct gradus_job {
  /* the optimizer, as in PyTorch; Langevin: damping, temperature, seed */
  double learning_rate;
  double momentum;
  double weight_decay;
  double alpha;
  double beta1;
  double beta2;
  double eps;
  double damping;
  double temperature;
  double clip_norm;        /* > 0: the gradient of a batch is scaled down to this norm before the update */
  double step;             /* in and out: updates done so far */
  double loss;             /* out: mean loss of the rows; of an epoch, each row before its batch's update */
  double gradient_norm;    /* out: of the last batch, before clipping; set where clip_norm > 0 */
  double total;            /* with slice > 0, in and out: the losses of the rows so far, added up */
  uint32_t seed[2];        /* of the optimizer's noise: low, high */
  int32_t optimizer;
  int32_t nesterov;
  int32_t centered;
  int32_t dtype;
  /* the network */
  int32_t nin;
  int32_t layers;
  /* the data */
  int32_t rows;
  int32_t batch_size;      /* rows per update; the last batch of an epoch may be smaller */
  int32_t chunk;           /* rows that go through the network at once: of no influence on the bits of any result */
  int32_t ordered;
  int32_t loss_kind;
  int32_t targets_kind;
  /* progress, shared with another thread: stop is read before each batch, batches is written after it */
  int32_t stop;
  int32_t batches;
  int32_t bad_layer;       /* out, with NUMERIC: first layer whose output is not finite, -1 for the inputs, layers for the loss */
  int32_t slice;           /* > 0: a call does at most so many batches (evaluate: chunks), those that follow the first `batches` */
};

/* Bytes of scratch that the functions below need, or 0 if the job is not valid. */
GRADUS_API double gradus_mlp_scratch(const struct gradus_job *job);

/* outputs (rows,nout) of inputs (rows,nin). */
GRADUS_API int32_t gradus_mlp_predict(const struct gradus_job *job, void *outputs, const void *parameters,
                                      const void *inputs, void *scratch);

/* As predict, for at most `chunk` rows, keeping what backward needs. */
GRADUS_API int32_t gradus_mlp_forward(const struct gradus_job *job, void *outputs, const void *parameters,
                                      const void *inputs, void *kept);

/* With what forward has kept and the gradient of a loss with respect to the outputs (rows,nout): adds the gradient of the
 * parameters to their second half, and writes that of the inputs (rows,nin) unless input_gradient is NULL. */
GRADUS_API int32_t gradus_mlp_backward(const struct gradus_job *job, void *input_gradient, void *parameters,
                                       const void *output_gradient, void *kept);

/* job.loss of the rows; no parameter changes. */
/* nonblocking */
GRADUS_API int32_t gradus_mlp_evaluate(struct gradus_job *job, const void *parameters, const void *inputs,
                                       const void *targets, void *scratch);

/* One pass over the rows in their order: for each batch the gradient of its mean loss replaces the gradients in
 * parameters, is clipped, and the optimizer makes its update, with state (gradus_optimizer_state(job) arrays of the
 * parameters' size, zero before the first step). With optimizer 0 only gradients are formed and state may be NULL.
 * NUMERIC if a batch's loss is not finite: that batch changed no parameter. */
/* nonblocking */
GRADUS_API int32_t gradus_mlp_epoch(struct gradus_job *job, void *parameters, void *state, const void *inputs,
                                    const void *targets, void *scratch);

/* ---- optimizers on their own ---- */

/* How many arrays of the parameters' size the job's optimizer keeps, or -1 if there is no such optimizer. */
GRADUS_API int32_t gradus_optimizer_state(const struct gradus_job *job);

/* One update of n parameters by their gradients. */
GRADUS_API int32_t gradus_optimizer_step(struct gradus_job *job, void *parameters, const void *gradients, void *state,
                                         int32_t n);

/* √Σ x² over n reals of the dtype, summed in double precision; NaN if n < 0 or the dtype is unknown. */
GRADUS_API double gradus_norm(const void *x, int32_t n, int32_t dtype);

/* x ← x · factor over n reals. */
GRADUS_API int32_t gradus_scale(void *x, double factor, int32_t n, int32_t dtype);

/* ---- the product ---- */

/* c (m,n) ← c + a·b with a (m,k) and b (k,n) at any strides: strides = {row and column of a, row and column of b, row of c},
 * counted in elements; sizes = {m, n, k}. Each element of c is fma(a_k, b_k, …) in the order k = 0, 1, 2, … */
GRADUS_API int32_t gradus_gemm(void *c, const void *a, const void *b, const int32_t *sizes, const int32_t *strides,
                               int32_t dtype);

#endif
