/* gradus.h: the whole surface of the native library, documented for C users as for the TypeScript side. A program needs
 * this file and the library, nothing else: in C from C99 on, in C++ from C++11 on. A short one stands above enum
 * gradus_dtype, a longer one is examples/xor.c.
 *
 * Every array belongs to the caller and is only borrowed during the call. Every function checks its arguments, returns
 * a status (0, or a negative number of GRADUS_STATUS) and on failure leaves the outputs untouched. There is no state
 * but the SIMD level in use, a pool of threads and 2 MB in which one large product packs, while others do without.
 * Results are the same bits at every level but one, with any number of threads, and on every platform.
 *
 * What differs from that is said at the function. What cannot be checked is that arrays are as long as the sizes say
 * and do not overlap. Each starts at a multiple of its element's size, scratch anywhere; scratch need not be set to
 * anything. A size is an int32_t, products of sizes may be larger. A call takes up to 300 KiB of the caller's stack.
 * Functions may run on many threads at once, as long as none writes what another reads or writes: inputs and parameters
 * can be shared by those that only read them, jobs, scratch and outputs cannot.
 *
 * tools/bindings.ts reads this file and writes src/bindings.ts; what it does not understand it refuses.
 * `real` below is float or double, as the job's dtype says. Matrices are row-major: (m,n) is m rows of n. */
#ifndef GRADUS_H
#define GRADUS_H

#include <stdint.h>

#if !defined(_WIN32)
#define GRADUS_API __attribute__((visibility("default")))
#elif defined(GRADUS_BUILD) /* only where the library itself is compiled */
#define GRADUS_API __declspec(dllexport)
#else
#define GRADUS_API __declspec(dllimport)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* What functions return, as GRADUS_OK, GRADUS_ARGUMENT, …; the list can be expanded again, for the messages.
 * OK: all is done. ARGUMENT: nothing is, the call has to be corrected. NUMERIC, of gradus_mlp_epoch alone: the batch
 * whose loss is not finite is not done, those before it are. */
#define GRADUS_STATUS(X)                                                                        \
  X(OK, 0, "done")                                                                              \
  X(ARGUMENT, -1, "an argument is outside of what the function takes")                          \
  X(NUMERIC, -2, "a loss became NaN or infinite")

#define GRADUS_STATUS_VALUE(name, number, message) GRADUS_##name = number,
enum gradus_status { GRADUS_STATUS(GRADUS_STATUS_VALUE) };
#undef GRADUS_STATUS_VALUE

/* ---- the library ---- */

/* A hash of this header and ops.h: a library that answers another number than the bindings expect is stale. It is
 * another one whenever a prototype, a field or a number of this file is. */
GRADUS_API uint32_t gradus_fingerprint(void);

/* SIMD128 and RELAXED are WebAssembly's: at SIMD128 alone a·b + c is rounded twice, so that its bits are not those of
 * the others. */
enum gradus_level {
  GRADUS_LEVEL_PLAIN = 0,
  GRADUS_LEVEL_NEON = 1,
  GRADUS_LEVEL_AVX2 = 2,
  GRADUS_LEVEL_AVX512 = 3,
  GRADUS_LEVEL_SIMD128 = 4,
  GRADUS_LEVEL_RELAXED = 5
};

/* The SIMD level in use. With limit >= 0 the best level of this machine that is not above limit is taken from now on: a
 * level of other machines is a number like any other, and PLAIN, which is slow, may be all that is below it. With limit
 * < 0 nothing changes. Not to be changed while another thread computes. */
GRADUS_API int32_t gradus_level(int32_t limit);

/* How many threads compute together, the caller's included. With count > 0 it becomes that many, at most 32; else
 * nothing changes. It is 0 until it is chosen, and one thread computes. They share what is large, products, updates and
 * tensors; how many they are is of no influence on the bits of any result. The threads are made when there is work for
 * them, and wait for more as long as the library is loaded; a child of the process makes its own. A call that comes
 * while another one has them computes alone. */
GRADUS_API int32_t gradus_threads(int32_t count);

/* ---- random numbers: Philox4x32-10 ---- */

/* generator = {seed low, seed high, stream low, stream high}: n numbers from the start of that stream, as doubles.
 * uniform: in [0,1), 53 bits. normal: mean 0, variance 1, by inversion. ARGUMENT if n < 0. */
GRADUS_API int32_t gradus_random_uniform(double *out, const uint32_t *generator, int32_t n);
GRADUS_API int32_t gradus_random_normal(double *out, const uint32_t *generator, int32_t n);

/* A random order of 0 .. n-1 (Fisher and Yates). ARGUMENT if n < 0. */
GRADUS_API int32_t gradus_random_permutation(uint32_t *order, const uint32_t *generator, int32_t n);

/* ---- the scalar tape ----
 *
 * Record i is two words: record[2i] = op | left << 8, an operation and its first operand, and record[2i + 1], the
 * second operand of a binary one. Operands are records below i, so the order of recording is an order of evaluation. op
 * 0 is a number that is already in data[i]; its second word is the caller's. So a tape has at most 2^24 records. */

/* The operations. Unary, from RELU to FINITE: the activations as below; LOG1P is log(1 + x), EXPM1 exp(x) − 1,
 * NORMAL_CDF and NORMAL_PDF are those of the standard normal distribution, STEP is 1 above 0, else 0, FINITE x, or 0
 * where x is not finite. Binary, from ADD on: ABOVE is 1 where a > b, a half at a tie, else 0; TIMES a·b, but 0
 * wherever a is 0; ZERO_BASE 1 where a = 0 and b >= 0, else 0. */
enum gradus_op {
  GRADUS_OP_LEAF = 0,
  GRADUS_OP_RELU = 1,
  GRADUS_OP_LEAKY_RELU = 2,
  GRADUS_OP_TANH = 3,
  GRADUS_OP_SIGMOID = 4,
  GRADUS_OP_GELU = 5,
  GRADUS_OP_SILU = 6,
  GRADUS_OP_SOFTPLUS = 7,
  GRADUS_OP_NEG = 8,
  GRADUS_OP_EXP = 9,
  GRADUS_OP_LOG = 10,
  GRADUS_OP_LOG1P = 11,
  GRADUS_OP_EXPM1 = 12,
  GRADUS_OP_SQRT = 13,
  GRADUS_OP_SQUARE = 14,
  GRADUS_OP_ABS = 15,
  GRADUS_OP_SIN = 16,
  GRADUS_OP_COS = 17,
  GRADUS_OP_TAN = 18,
  GRADUS_OP_NORMAL_CDF = 19,
  GRADUS_OP_NORMAL_PDF = 20,
  GRADUS_OP_SIGN = 21,
  GRADUS_OP_STEP = 22,
  GRADUS_OP_FINITE = 23,
  GRADUS_OP_ADD = 24,
  GRADUS_OP_SUB = 25,
  GRADUS_OP_MUL = 26,
  GRADUS_OP_DIV = 27,
  GRADUS_OP_POW = 28,
  GRADUS_OP_MAX = 29,
  GRADUS_OP_MIN = 30,
  GRADUS_OP_ABOVE = 31,
  GRADUS_OP_TIMES = 32,
  GRADUS_OP_ZERO_BASE = 33
};

/* data[i] for i in from .. to-1. ARGUMENT at a record that is not an operation on earlier records: what lies below it
 * is computed then. */
GRADUS_API int32_t gradus_value_forward(double *data, const uint32_t *record, int32_t from, int32_t to);

/* mark[i] between sweeps: 0 of an operation, NUMBER of a number that is to be told of, CONSTANT of one that is not. */
enum gradus_mark { GRADUS_MARK_REACHED = 127, GRADUS_MARK_NUMBER = 128, GRADUS_MARK_CONSTANT = 255 };

/* The reverse sweep over evaluated records, from record reached[0] downwards. The caller marks `roots` operations as
 * REACHED and sets their grad. What is reached first from above gets its gradient then, in place of what was there, and
 * further ones are added; grad of a constant is of no meaning. The sweep ends when no reached operation is left, so
 * that it costs what lies between the roots and the lowest operation that they depend on. Returned is how many numbers
 * it has reached, and in `reached`, which has room for all of the tape, their records; all marks are as they were
 * between sweeps. ARGUMENT, in the middle of it, if a reached record is not an operation on earlier records, or there
 * are fewer roots. */
GRADUS_API int32_t gradus_value_backward(double *grad, uint8_t *mark, uint32_t *reached, const double *data,
                                         const uint32_t *record, int32_t roots);

/* ---- programs: recorded functions ---- */

/* For one input: program = {records, runs, from, 0}, then double data[records], then uint32_t record[2 * records], both
 * as on a tape, then uint32_t run[2 * runs] = {first record, count}: stretches among the records from .., in order,
 * each of at most 64 operations of one kind on records before the stretch; the second word of a unary one in a run is
 * 0. One buffer, since each that is handed over takes as long as five operations; it starts at a multiple of 8 bytes.
 * OK if it is such a program. */
GRADUS_API int32_t gradus_program_check(const uint32_t *program);

/* Computes data of the records from .., as gradus_value_forward does, but what is in a run together. The program is not
 * looked through again, which would take longer than computing it: gradus_program_check has to have accepted it. */
GRADUS_API int32_t gradus_program_once(uint32_t *program);

/* Over many rows: program = {operations, registers, uniforms, inputs, first, second, sums, strip}, then for each output
 * of the first group, of the second, and for each sum its operand, and for each operation {op | to << 8, left, right}.
 * An operand is a register, or 0x80000000 + the index of a number in uniforms, which is the same for all rows. Input j
 * is in register j before the first operation. No operation reads the register that it writes. strip, a multiple of 16
 * up to 256, is how many rows go through the operations together; it is of no influence on the bits of any result.
 * scratch: registers · strip + 8 · sums + 8 doubles; rows of a strip that are not there are computed from what lies
 * there.
 *
 * outputs: the first group (rows,first) of inputs (rows,inputs), the second (rows,second), then each sum over all rows.
 * ARGUMENT, before anything is written, if the program is not one. */
GRADUS_API int32_t gradus_program_run(double *outputs, const double *inputs, const uint32_t *program,
                                      const double *uniforms, double *scratch, int32_t rows);

/* ---- networks ----
 *
 * A job describes a fully connected network and what is to be done with it. Behind the struct, in one buffer, follow
 *   int32_t net[2 * layers]    nout and activation of each layer, a number of enum gradus_activation;
 *   uint32_t order[rows]       the rows in the order of use, if ordered is not 0: numbers below rows, each any number
 *                              of times.
 * There is no padding, so that a struct of these three is such a buffer. nin of a layer is nout of the one before, of
 * the first the job's. A layer computes y = activation(weight·x + bias).
 *
 * parameters: for each layer weight (nout,nin) and bias (nout), P = Σ nout·(nin + 1) reals in all; then, in the same
 * array, the P gradients in the same order. The functions that take them as const use the first half only, which is
 * enough for them. All that is handed over is reals, but for class numbers and inputs that say so. inputs (rows,nin)
 * and targets lie as they are, order tells in which order they are used. batch_size rows decide one update, and `chunk`
 * rows at once are computed: the more, the more scratch; 256 is a good number.
 * scratch: gradus_mlp_scratch(job) bytes. What it holds before and after a call is of no meaning; `kept` is the same,
 * but for what forward leaves there for backward.
 *
 * A job starts as zeros: float32, rows as they come, targets as rows, no optimizer, no momentum, decay or clipping.
 * There are no other defaults. What is read of it:
 *   all gradus_mlp_…           dtype, nin, layers, chunk, rows, reserved, net; those that take inputs inputs_kind,
 *                              input_scale
 *   gradus_mlp_evaluate        and loss_kind, targets_kind, ordered, order, slice and, if that is not 0, batches, total
 *   gradus_mlp_epoch           and these, batch_size, clip_norm, stop, optimizer and the fields of the optimizer
 *   gradus_optimizer_state     optimizer, momentum, centered, reserved
 *   gradus_optimizer_step      these, dtype and the other fields of the optimizer; so the struct alone is enough
 * What is written: loss, batches, total and bad_layer by evaluate and epoch, step by epoch and optimizer_step,
 * gradient_norm by epoch.
 *
 * A whole program, which finds the straight line through three points:
 *
 *     #include <gradus.h>
 *     #include <stdio.h>
 *     #include <stdlib.h>
 *     #include <string.h>
 *
 *     struct line {
 *       struct gradus_job job;
 *       int32_t net[2];
 *     };
 *
 *     int main(void) {
 *       const double inputs[] = {0, 1, 2}, targets[] = {1, 3, 5};
 *       double parameters[] = {0, 0, 0, 0};  // weight and bias, their gradients
 *       struct line line;
 *       memset(&line, 0, sizeof line);
 *       line.net[0] = 1;
 *       line.net[1] = GRADUS_ACTIVATION_LINEAR;
 *       line.job.dtype = GRADUS_DTYPE_FLOAT64;
 *       line.job.nin = line.job.layers = 1;
 *       line.job.rows = line.job.batch_size = line.job.chunk = 3;
 *       line.job.loss_kind = GRADUS_LOSS_MSE;
 *       line.job.optimizer = GRADUS_OPTIMIZER_SGD;
 *       line.job.learning_rate = 0.25;
 *       void *scratch = malloc((size_t)gradus_mlp_scratch(&line.job));
 *       int32_t status = scratch ? GRADUS_OK : GRADUS_ARGUMENT;
 *       for (int epoch = 0; status == GRADUS_OK && epoch < 100; epoch++)
 *         status = gradus_mlp_epoch(&line.job, parameters, NULL, inputs, targets, scratch);
 *       printf("y = %.2f x + %.2f, status %d\n", parameters[0], parameters[1], (int)status);
 *       free(scratch);
 *       return status == GRADUS_OK ? 0 : 1;
 *     } */
enum gradus_dtype { GRADUS_DTYPE_FLOAT32 = 0, GRADUS_DTYPE_FLOAT64 = 1 };

/* As in PyTorch; LEAKY_RELU with slope 0.01, GELU by the normal distribution. The numbers are those of the operations.
 * SOFTMAX is for the last layer alone, and not under the loss CROSS_ENTROPY, which is of a linear layer. */
enum gradus_activation {
  GRADUS_ACTIVATION_LINEAR = 0,
  GRADUS_ACTIVATION_RELU = 1,
  GRADUS_ACTIVATION_LEAKY_RELU = 2,
  GRADUS_ACTIVATION_TANH = 3,
  GRADUS_ACTIVATION_SIGMOID = 4,
  GRADUS_ACTIVATION_GELU = 5,
  GRADUS_ACTIVATION_SILU = 6,
  GRADUS_ACTIVATION_SOFTPLUS = 7,
  GRADUS_ACTIVATION_SOFTMAX = 127
};

/* As in PyTorch, HUBER with δ = 1; HINGE is max(0, 1 − t·y) with targets t = ±1. All are means over the rows, and all
 * but CROSS_ENTROPY over the outputs, too. BINARY_CROSS_ENTROPY takes probabilities, its twin and CROSS_ENTROPY
 * logits. */
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

/* How inputs are given: reals of the job's dtype, or of a type of their own, converted as they are used; bytes are
 * multiplied by input_scale, in the job's dtype. */
enum gradus_inputs {
  GRADUS_INPUTS_REALS = 0,
  GRADUS_INPUTS_FLOAT32 = 1,
  GRADUS_INPUTS_FLOAT64 = 2,
  GRADUS_INPUTS_UINT8 = 3
};

/* How targets are given: rows of nout reals, or one int32_t class number per row. */
enum gradus_targets { GRADUS_TARGETS_ROWS = 0, GRADUS_TARGETS_CLASSES = 1 };

/* As in PyTorch; they start with step 0 and a state of zeros. Their fields, and PyTorch's defaults where not 0:
 *   SGD          learning_rate 0.001, weight_decay, momentum, nesterov (if momentum is not 0)
 *   RMSPROP      learning_rate 0.01, weight_decay, alpha 0.99, eps 1e-8, momentum, centered
 *   ADAM, ADAMW  learning_rate 0.001, weight_decay (ADAMW 0.01), beta1 0.9, beta2 0.999, eps 1e-8, step
 *   LANGEVIN     learning_rate, damping, temperature, seed, step: v ← (1 − damping)·v − learning_rate·gradient + noise
 *                of variance 2·damping·temperature·learning_rate, parameters ← parameters + v; the noise is
 *                gradus_random_normal of {seed low, seed high, step, 3}
 * They are taken as they are: an eps that is 0 in the job's type, for ADAM and ADAMW below 1e-43 in float32, divides 0
 * by 0 where a gradient is 0. */
enum gradus_optimizer {
  GRADUS_OPTIMIZER_NONE = 0,
  GRADUS_OPTIMIZER_SGD = 1,
  GRADUS_OPTIMIZER_RMSPROP = 2,
  GRADUS_OPTIMIZER_ADAM = 3,
  GRADUS_OPTIMIZER_ADAMW = 4,
  GRADUS_OPTIMIZER_LANGEVIN = 5
};

/* 200 bytes without padding, the same on every platform. */
struct gradus_job {
  /* the optimizer */
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
  double input_scale;      /* a factor of inputs that are bytes */
  double total;            /* with slice > 0, in and out: the losses of the rows so far, added up */
  uint32_t seed[2];        /* of the optimizer's noise: low, high */
  int32_t optimizer;       /* enum gradus_optimizer */
  int32_t nesterov;        /* 0 or 1 */
  int32_t centered;        /* 0 or 1 */
  int32_t dtype;           /* enum gradus_dtype */
  /* the network */
  int32_t nin;             /* >= 1 */
  int32_t layers;          /* >= 1 */
  /* the data */
  int32_t rows;            /* >= 0; where there is a loss >= 1 */
  int32_t batch_size;      /* rows per update, >= 1; the last batch of an epoch may be smaller */
  int32_t chunk;           /* rows that go through the network at once, >= 1: of no influence on any result */
  int32_t ordered;         /* 0 or 1: whether an order follows */
  int32_t loss_kind;       /* enum gradus_loss */
  int32_t targets_kind;    /* enum gradus_targets */
  int32_t inputs_kind;     /* enum gradus_inputs */
  int32_t reserved;        /* 0: what takes the job refuses it with another value */
  /* progress, shared with another thread, by atomic loads and stores: stop is read before each batch and ends the
   * epoch, with OK, if it is not 0; 1 is added to batches after it */
  int32_t stop;
  int32_t batches;
  int32_t bad_layer;       /* out, with NUMERIC: first layer that is not finite; -1: the inputs, layers: the loss */
  int32_t slice;           /* > 0: a call does at most so many batches (evaluate: chunks) after the first `batches` */
};

/* Bytes of scratch that the functions below need, the same for any number of rows, or 0 if the job is not valid. */
GRADUS_API double gradus_mlp_scratch(const struct gradus_job *job);

/* outputs (rows,nout) of inputs (rows,nin), in that order. */
GRADUS_API int32_t gradus_mlp_predict(const struct gradus_job *job, void *outputs, const void *parameters,
                                      const void *inputs, void *scratch);

/* As predict, for at least one row and at most `chunk`, keeping what backward needs. */
GRADUS_API int32_t gradus_mlp_forward(const struct gradus_job *job, void *outputs, const void *parameters,
                                      const void *inputs, void *kept);

/* With the job, the parameters and what is kept of forward and the gradient of a loss with respect to the outputs
 * (rows,nout): adds the gradient of the parameters to their second half, which is the caller's to set to 0 before, and
 * writes that of the inputs (rows,nin) unless input_gradient is NULL. May be called again, say with another
 * gradient. */
GRADUS_API int32_t gradus_mlp_backward(const struct gradus_job *job, void *input_gradient, void *parameters,
                                       const void *output_gradient, void *kept);

/* job.loss of the rows. Of the job, total changes, too, 1 is added to batches for each chunk, and bad_layer is of no
 * meaning where the loss is NaN or infinite; that is OK here. Targets: rows of nout reals, or int32_t numbers from 0 to
 * nout-1, for CROSS_ENTROPY alone. */
/* nonblocking */
GRADUS_API int32_t gradus_mlp_evaluate(struct gradus_job *job, const void *parameters, const void *inputs,
                                       const void *targets, void *scratch);

/* One pass over the rows in their order: for each batch the gradient of its mean loss replaces the gradients in
 * parameters, is clipped, and the optimizer makes its update, with state (gradus_optimizer_state(job) arrays of P
 * reals, zero before the first step; NULL where there are none). With optimizer 0 only gradients are formed and state
 * may be NULL: those of the last batch stay, so with batch_size = rows those of job.loss.
 * NUMERIC if a batch's loss is not finite: that batch changed no parameter, state or step, but maybe the gradients,
 * bad_layer tells where it began, and loss is that of the batches before it. What overflows in an update only the next
 * batch sees. */
/* nonblocking */
GRADUS_API int32_t gradus_mlp_epoch(struct gradus_job *job, void *parameters, void *state, const void *inputs,
                                    const void *targets, void *scratch);

/* ---- optimizers on their own ---- */

/* How many arrays of the parameters' size the job's optimizer keeps, or -1 if there is no such optimizer or job. */
GRADUS_API int32_t gradus_optimizer_state(const struct gradus_job *job);

/* One update of n parameters by their gradients, as they are: nothing is clipped. state: gradus_optimizer_state(job)
 * arrays of n reals. ARGUMENT, too, if the optimizer is NONE. */
GRADUS_API int32_t gradus_optimizer_step(struct gradus_job *job, void *parameters, const void *gradients, void *state,
                                         int32_t n);

/* √Σ x² over n reals of the dtype, summed in double precision; NaN if n < 0 or the dtype is unknown. */
GRADUS_API double gradus_norm(const void *x, int32_t n, int32_t dtype);

/* x ← x · factor over n reals. */
GRADUS_API int32_t gradus_scale(void *x, double factor, int32_t n, int32_t dtype);

/* ---- the product ---- */

/* c (m,n) ← c + a·b with a (m,k) and b (k,n) at any strides: strides = {row and column of a, row and column of b, row
 * of c}, counted in elements, none negative, that of c at least n; sizes = {m, n, k}, none negative. Each element of c
 * is fma(a_k, b_k, …) in the order k = 0, 1, 2, … */
GRADUS_API int32_t gradus_gemm(void *c, const void *a, const void *b, const int32_t *sizes, const int32_t *strides,
                               int32_t dtype);

/* ---- tensors ----
 *
 * A tensor's elements lie in an array, of one of the types below; a view says where: element (i, j, …) is number
 * offset + i·stride + j·stride' + … of the array. Strides count elements, and may be 0 or negative; there are up to
 * 16 axes. What is asked of a function stands in a plan, one buffer of int32_t words that starts at a multiple of 8
 * bytes. Sizes in it are not negative; where nothing is to be written, nothing is done. */

/* float16 and bfloat16 are their 16 bits; bool is a byte, 0 or 1. The first two are those of enum gradus_dtype. */
enum gradus_element {
  GRADUS_ELEMENT_FLOAT32 = 0,
  GRADUS_ELEMENT_FLOAT64 = 1,
  GRADUS_ELEMENT_FLOAT16 = 2,
  GRADUS_ELEMENT_BFLOAT16 = 3,
  GRADUS_ELEMENT_INT64 = 4,
  GRADUS_ELEMENT_INT32 = 5,
  GRADUS_ELEMENT_INT16 = 6,
  GRADUS_ELEMENT_INT8 = 7,
  GRADUS_ELEMENT_UINT32 = 8,
  GRADUS_ELEMENT_UINT16 = 9,
  GRADUS_ELEMENT_UINT8 = 10,
  GRADUS_ELEMENT_BOOL = 11
};

/* What tensors can do elementwise beside the operations of enum gradus_op; derivatives are 0 or there are none. a and b
 * are the operands, comparisons give 0 or 1, and so do the logical ones, of which any number but 0 is true. ROUND is to
 * even at halves. FMOD is a − b·trunc(a / b), REMAINDER a − b·⌊a / b⌋, which has the sign of b, and FLOOR_DIVIDE
 * ⌊a / b⌋: their quotients are exact, as in C's fmod and Python's divmod; of integers they are 0 where b is. From
 * BIT_NOT on operands are integers; shifted by less than 0 or more than 63, nothing is left but, to the right, the
 * sign. */
enum gradus_tensor_op {
  GRADUS_TENSOR_OP_FLOOR = 64,
  GRADUS_TENSOR_OP_CEIL = 65,
  GRADUS_TENSOR_OP_ROUND = 66,
  GRADUS_TENSOR_OP_TRUNC = 67,
  GRADUS_TENSOR_OP_IS_NAN = 68,
  GRADUS_TENSOR_OP_IS_FINITE = 69,
  GRADUS_TENSOR_OP_LOGICAL_NOT = 70,
  GRADUS_TENSOR_OP_EQUAL = 71,
  GRADUS_TENSOR_OP_NOT_EQUAL = 72,
  GRADUS_TENSOR_OP_LESS = 73,
  GRADUS_TENSOR_OP_LESS_EQUAL = 74,
  GRADUS_TENSOR_OP_LOGICAL_AND = 75,
  GRADUS_TENSOR_OP_LOGICAL_OR = 76,
  GRADUS_TENSOR_OP_LOGICAL_XOR = 77,
  GRADUS_TENSOR_OP_FLOOR_DIVIDE = 78,
  GRADUS_TENSOR_OP_REMAINDER = 79,
  GRADUS_TENSOR_OP_FMOD = 80,
  GRADUS_TENSOR_OP_BIT_NOT = 81,
  GRADUS_TENSOR_OP_BIT_AND = 82,
  GRADUS_TENSOR_OP_BIT_OR = 83,
  GRADUS_TENSOR_OP_BIT_XOR = 84,
  GRADUS_TENSOR_OP_SHIFT_LEFT = 85,
  GRADUS_TENSOR_OP_SHIFT_RIGHT = 86
};

/* y ← f(x0, x1, x2, x3), element by element. plan = {axes, inputs, operations, registers, uniforms, compute},
 * shape[axes], the view of y and those of the inputs, each {element type, offset, stride[axes]}, then for each
 * operation {op | to << 8, left, right} as in gradus_program_run, then, from the next even word on, the uniforms, two
 * words each: a double, or an int64_t where compute is INT64.
 *
 * Inputs are converted to the type `compute`, FLOAT32, FLOAT64 or INT64, operations are done in it, and the result of
 * the last one is converted to that of y; without an operation it is x0. Inputs that there are not are NULL; there are
 * up to 4 inputs and 32 registers, input j being register j, which no operation writes, and the others are written
 * before they are read. INT64 has all of enum gradus_tensor_op and, of enum gradus_op, neg, square, abs, sign, step,
 * add, sub, mul, max, min and pow, towards 0 where the exponent is negative; what is too large wraps around.
 *
 * Conversions: to floating point the nearest, to even at halves, as IEEE 754 has it, a NaN remaining one; from
 * floating point to integers towards 0, NaN becoming 0 and what int64_t cannot hold the nearest that it can; to
 * narrower integers the low bits; to bool whether it is not 0.
 *
 * There are less than 2^31 elements; no view begins before its array, and that of y has none of them twice. y is no
 * array that an input lies in, unless the two views are the same. ARGUMENT if the plan is none of these; then nothing
 * was written. */
GRADUS_API int32_t gradus_tensor_apply(void *y, const void *x0, const void *x1, const void *x2, const void *x3,
                                       const int32_t *plan);

/* y ← condition ? a : b, element by element, where these have elements of `bytes` bytes, 1, 2, 4 or 8, and condition of
 * one, any but 0 being true. plan = {axes, bytes}, shape[axes], the views of y, condition, a and b: {offset,
 * stride[axes]}, of which the same is asked as by gradus_tensor_apply. */
GRADUS_API int32_t gradus_tensor_select(void *y, const void *condition, const void *a, const void *b,
                                        const int32_t *plan);

/* MEAN and SUM_SQUARES are of floating point; of integers SUM and PROD wrap around as int64_t. MAX and MIN are NaN if
 * any is; ARGMAX and ARGMIN are the number of the first such element, as int32_t. Nothing sums to 0, multiplies to 1,
 * has the mean NaN, and no maximum: count = 0 is ARGUMENT then. */
enum gradus_reduction {
  GRADUS_REDUCTION_SUM = 0,
  GRADUS_REDUCTION_MEAN = 1,
  GRADUS_REDUCTION_SUM_SQUARES = 2,
  GRADUS_REDUCTION_PROD = 3,
  GRADUS_REDUCTION_MAX = 4,
  GRADUS_REDUCTION_MIN = 5,
  GRADUS_REDUCTION_ARGMAX = 6,
  GRADUS_REDUCTION_ARGMIN = 7
};

/* y (outer,inner) ← the reduction of x (outer,count,inner) along its middle axis. plan = {reduction, element type,
 * offset, outer, count, inner}; x lies row-major from its offset on, y from its start; there are at most 2³¹−1
 * elements. x is FLOAT32, FLOAT64 or INT64, y is of the type of x, but INT32 for ARGMAX and ARGMIN. Floating point is
 * summed and multiplied in double precision, in an order that depends on the sizes alone, and rounded once. */
GRADUS_API int32_t gradus_tensor_reduce(void *y, const void *x, const int32_t *plan);

/* Running sums (reduction SUM) or products (PROD): y, x (outer,count,inner), y[o,i,j] of x[o,0..i,j]. plan as for
 * gradus_tensor_reduce; y is of the type of x. Floating point is added up in double precision. */
GRADUS_API int32_t gradus_tensor_scan(void *y, const void *x, const int32_t *plan);

/* Functions of rows. SOFTMAX is within 3 ulps; rows with a NaN or +∞, or of nothing but −∞, give NaN.
 * NORMALIZE_GRADIENT is z − mean(z) − x·mean(x·z) of normalized x; the softmax in SOFTMAX_GRADIENT, x·(z − Σ x·z), and
 * in LOG_SOFTMAX_GRADIENT, z − exp(x)·Σ z, is x, the result of the function. */
enum gradus_rows {
  GRADUS_ROWS_SOFTMAX = 0,
  GRADUS_ROWS_LOG_SOFTMAX = 1,
  GRADUS_ROWS_SOFTMAX_GRADIENT = 2,
  GRADUS_ROWS_LOG_SOFTMAX_GRADIENT = 3,
  GRADUS_ROWS_NORMALIZE_GRADIENT = 4
};

/* y (rows,n) ← f of each row of x (rows,n) and, for the gradients, z (rows,n), else NULL. plan = {function, dtype,
 * rows, n, offset of x, offset of z}. */
GRADUS_API int32_t gradus_tensor_rows(void *y, const void *x, const void *z, const int32_t *plan);

/* y (rows,n) ← (x − mean)/√(variance + eps) with mean and variance (of n, not n − 1) of each row of x (rows,n), and
 * scale (rows) ← 1/√(variance + eps). plan = {dtype, rows, n, offset of x}. */
GRADUS_API int32_t gradus_tensor_normalize(void *y, void *scale, const void *x, const int32_t *plan, double eps);

/* loss (rows) ← log Σ_j exp(x[r,j]) − x[r,class[r]], and gradient (rows,n) ← softmax(x[r]) − (j = class[r]), unless it
 * is NULL. plan = {dtype, rows, n, offset of x, offset of class}. ARGUMENT, before anything is written, if a class is
 * not in 0 .. n−1. */
GRADUS_API int32_t gradus_tensor_cross_entropy(void *loss, void *gradient, const void *x, const int32_t *classes,
                                               const int32_t *plan);

/* y (count,block) ← y[i,j] = x[index[i] + j]: elements of `bytes` bytes. plan = {bytes, count, block}. Index is in
 * elements of x, within 0 .. 2³¹−1; ARGUMENT, before anything is written, if one is negative. */
GRADUS_API int32_t gradus_tensor_gather(void *y, const void *x, const int32_t *index, const int32_t *plan);

/* y[index[i] + j] ← x[i,j] or, with add, + x[i,j], for i = 0, 1, … in this order, x (count,block). plan = {element
 * type, count, block, add}. What is added is FLOAT32, FLOAT64 or integers, which wrap around, but not BOOL. Index is as
 * above. */
GRADUS_API int32_t gradus_tensor_scatter(void *y, const void *x, const int32_t *index, const int32_t *plan);

/* index (rows,n) ← for each row of x (rows,n) the order of its elements, stable: index[r,0] is the column of the
 * smallest, or with `descending` of the largest. NaN is larger than all numbers, −0 equal to 0. plan = {element type,
 * rows, n, offset, descending}, of FLOAT32, FLOAT64 or INT64. scratch: 24·n + 8 bytes. */
GRADUS_API int32_t gradus_tensor_sort(int32_t *index, const void *x, void *scratch, const int32_t *plan);

/* For each of `batches`: c (m,n) ← a (m,k)·b (k,n). plan = {element type, m, n, k, row and column stride of a, row and
 * column stride of b, batches}, then for each batch {offset of c, offset of a, offset of b}. FLOAT32, FLOAT64, or
 * INT64, which wraps around. c is row-major, n elements a row; no stride is negative. Each element of c is fma(a_k,
 * b_k, …) from 0 on in the order k = 0, 1, 2, …, and 0 where k is. */
GRADUS_API int32_t gradus_tensor_product(void *c, const void *a, const void *b, const int32_t *plan);

#ifdef __cplusplus
}
#endif

#endif
