/* xor.c: a C program learns XOR with the shared library, which is all of gradus that it needs: the network of xor.ts,
 * from the same seed, with the same numbers. What each function takes is told in c/gradus.h.
 *
 *     deno task example:c examples/xor.c
 *
 * builds the library and this program beside it, and runs it. With a compiler of your own, after `deno task build`:
 *
 *     cc -std=c11 -Ic examples/xor.c lib/x86_64-unknown-linux-gnu/libgradus.so -lm -Wl,-rpath,'$ORIGIN' \
 *       -o lib/x86_64-unknown-linux-gnu/xor
 *
 * ```text
 * epoch  mean squared error
 *     1              0.3904
 *    20              0.0361
 *    40              0.0040
 *    60              0.0003
 *
 * a  b  a xor b
 * 0  0     0.00
 * 0  1     0.99
 * 1  0     0.99
 * 1  1     0.03
 * ```
 */
#include <gradus.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 4, NIN = 2, HIDDEN = 4, NOUT = 1, LAYERS = 2, EPOCHS = 60 };

/* Parameters: for each layer its weight (nout, nin), row by row, then its bias (nout). */
enum {
  HIDDEN_WEIGHT = 0,
  HIDDEN_BIAS = HIDDEN_WEIGHT + HIDDEN * NIN,
  OUTPUT_WEIGHT = HIDDEN_BIAS + HIDDEN,
  OUTPUT_BIAS = OUTPUT_WEIGHT + NOUT * HIDDEN,
  PARAMETERS = OUTPUT_BIAS + NOUT
};

/* A job: the struct, and directly behind it the layers. Here the rows are used as they come, so no order follows. */
struct xor_job {
  struct gradus_job job;
  int32_t net[2 * LAYERS]; /* outputs and activation of each layer */
};

/* Every function that can fail returns a status: GRADUS_OK or another one of the list GRADUS_STATUS. */
static void check(int32_t status, const char *what) {
  if (status == GRADUS_OK) return;
#define TELL(name, code, message) \
  if (status == (code)) fprintf(stderr, "%s: %s\n", what, message);
  GRADUS_STATUS(TELL)
#undef TELL
  exit(EXIT_FAILURE);
}

/* count numbers, evenly spread over -bound .. bound, which suits the size of the layer (Glorot and Bengio, 2010). */
static void spread(float *weight, const double *uniform, int count, int nin, int nout) {
  double bound = sqrt(6.0 / (nin + nout));
  for (int i = 0; i < count; i++) weight[i] = (float)(-bound + 2 * bound * uniform[i]);
}

int main(void) {
  static const float inputs[ROWS][NIN] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
  static const float targets[ROWS][NOUT] = {{0}, {1}, {1}, {0}};

  /* What is not named is 0: no momentum, no weight decay, no clipping. */
  struct xor_job network = {
    .job = {
      .dtype = GRADUS_DTYPE_FLOAT32,
      .nin = NIN,
      .layers = LAYERS,
      .rows = ROWS,
      .batch_size = ROWS, /* one update per epoch */
      .chunk = ROWS,
      .loss_kind = GRADUS_LOSS_MSE,
      .targets_kind = GRADUS_TARGETS_ROWS,
      .optimizer = GRADUS_OPTIMIZER_ADAM,
      .learning_rate = 0.05,
      .beta1 = 0.9,
      .beta2 = 0.999,
      .eps = 1e-8,
    },
    .net = {HIDDEN, GRADUS_ACTIVATION_TANH, NOUT, GRADUS_ACTIVATION_LINEAR},
  };
  struct gradus_job *job = &network.job;

  /* The library allocates nothing. Behind the parameters lie their gradients; Adam keeps two numbers for each
   * parameter, 0 at first; and the job tells how much scratch it needs. */
  double scratch_bytes = gradus_mlp_scratch(job);
  int32_t state_arrays = gradus_optimizer_state(job);
  if (scratch_bytes == 0 || state_arrays < 0) check(GRADUS_ARGUMENT, "the job");
  float *parameters = calloc(2 * PARAMETERS, sizeof *parameters);
  float *state = calloc((size_t)state_arrays * PARAMETERS, sizeof *state);
  void *scratch = malloc((size_t)scratch_bytes);
  if (!parameters || !state || !scratch) {
    fprintf(stderr, "There is not enough memory\n");
    return EXIT_FAILURE;
  }

  /* Weights at random, biases 0. The seed decides which; the numbers are the same on every machine. */
  enum { SEED = 2, WEIGHTS = (NIN + NOUT) * HIDDEN };
  const uint32_t generator[4] = {SEED, 0, 0, 0};
  double uniform[WEIGHTS];
  check(gradus_random_uniform(uniform, generator, WEIGHTS), "gradus_random_uniform");
  spread(parameters + HIDDEN_WEIGHT, uniform, HIDDEN * NIN, NIN, HIDDEN);
  spread(parameters + OUTPUT_WEIGHT, uniform + HIDDEN * NIN, NOUT * HIDDEN, HIDDEN, NOUT);

  printf("epoch  mean squared error\n");
  for (int epoch = 1; epoch <= EPOCHS; epoch++) {
    check(gradus_mlp_epoch(job, parameters, state, inputs, targets, scratch), "gradus_mlp_epoch");
    if (epoch == 1 || epoch % 20 == 0) printf("%5d  %18.4f\n", epoch, job->loss);
  }

  float outputs[ROWS][NOUT];
  check(gradus_mlp_predict(job, outputs, parameters, inputs, scratch), "gradus_mlp_predict");
  int learnt = 1;
  printf("\na  b  a xor b\n");
  for (int i = 0; i < ROWS; i++) {
    printf("%.0f  %.0f  %7.2f\n", inputs[i][0], inputs[i][1], outputs[i][0]);
    learnt = learnt && fabsf(outputs[i][0] - targets[i][0]) < 0.5F;
  }

  free(scratch);
  free(state);
  free(parameters);
  if (!learnt) fprintf(stderr, "XOR was not learnt\n");
  return learnt ? EXIT_SUCCESS : EXIT_FAILURE;
}
