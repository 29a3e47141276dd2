/* Networks: every activation, loss and optimizer gives the same bits at every level, in chunks of every size and, by a
 * hash of all results that stands here, on every platform; and bad jobs are refused. That the numbers are right is
 * tested against PyTorch, from TypeScript. */

enum { NET_LAYERS = 3, NET_ROWS = 37 };

static const int32_t net_nouts[NET_LAYERS] = {18, 5, 3};

struct net {
  struct gradus_job job;
  int32_t net[2 * NET_LAYERS];
  uint32_t order[NET_ROWS];
};

enum { NET_NIN = 4, NET_PARAMETERS = 18 * 5 + 5 * 19 + 3 * 6 };

static struct net new_net(int32_t dtype, int32_t activation, int32_t loss, int32_t optimizer, int32_t chunk) {
  struct net net = {.job = {.dtype = dtype,
                            .nin = NET_NIN,
                            .layers = NET_LAYERS,
                            .rows = NET_ROWS,
                            .batch_size = 16,
                            .chunk = chunk,
                            .ordered = 1,
                            .loss_kind = loss,
                            .optimizer = optimizer,
                            .learning_rate = 0.01,
                            .momentum = 0.9,
                            .nesterov = loss % 2,
                            .centered = loss % 2,
                            .weight_decay = 0.01,
                            .alpha = 0.99,
                            .beta1 = 0.9,
                            .beta2 = 0.999,
                            .eps = 1e-8,
                            .damping = 0.1,
                            .temperature = 0.01,
                            .clip_norm = 1,
                            .seed = {42, 0}}};
  for (int l = 0; l < NET_LAYERS; l++) {
    net.net[2 * l] = net_nouts[l];
    net.net[2 * l + 1] = l < NET_LAYERS - 1 ? activation : GRADUS_ACTIVATION_LINEAR;
  }
  if (loss == GRADUS_LOSS_BINARY_CROSS_ENTROPY) net.net[2 * NET_LAYERS - 1] = OP_sigmoid;
  for (uint32_t i = 0; i < NET_ROWS; i++) net.order[i] = i * 10 % NET_ROWS;
  return net;
}

/* Two epochs; returns the parameters and gradients, to be freed. *bytes is their size. */
static void *train_net(struct net *net, int32_t level, size_t *bytes) {
  gradus_level(level);
  size_t size = net->job.dtype == GRADUS_DTYPE_FLOAT64 ? sizeof(double) : sizeof(float);
  char *parameters = calloc(2 * NET_PARAMETERS, size), *state = calloc(3 * NET_PARAMETERS, size);
  char *inputs = calloc(NET_ROWS * NET_NIN, size), *targets = calloc(NET_ROWS * 3, size);
  gemm_state = 7;
  for (size_t i = 0; i < NET_PARAMETERS + NET_ROWS * (NET_NIN + 3); i++) {
    int is_target = i >= NET_PARAMETERS + NET_ROWS * NET_NIN;
    double x = is_target ? (double)(i % 3 == 1) : gemm_random() * 0.5;
    size_t at = i < NET_PARAMETERS ? i : i - NET_PARAMETERS;
    char *array = i < NET_PARAMETERS ? parameters : is_target ? targets : inputs;
    if (is_target) at -= NET_ROWS * NET_NIN;
    if (net->job.dtype == GRADUS_DTYPE_FLOAT64) ((double *)array)[at] = x;
    else ((float *)array)[at] = (float)x;
  }
  void *scratch = malloc((size_t)gradus_mlp_scratch(&net->job));
  for (int epoch = 0; epoch < 2; epoch++) {
    int32_t status = gradus_mlp_epoch(&net->job, parameters, state, inputs, targets, scratch);
    CHECK(status == GRADUS_OK, "an epoch answers %d", status);
  }
  CHECK(net->job.step == 6 && net->job.batches == 6, "two epochs of three batches are %g steps", net->job.step);
  free(state), free(inputs), free(targets), free(scratch);
  gradus_level(LEVEL_TOP);
  *bytes = 2 * NET_PARAMETERS * size;
  return parameters;
}

/* FNV-1a over everything that the networks of mlp_test have learnt, at the plain level. */
static uint64_t results_hash = 0xcbf29ce484222325;

static void hash_results(const void *results, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) results_hash = (results_hash ^ ((const uint8_t *)results)[i]) * 0x100000001b3;
}

static void compare_net(int32_t dtype, int32_t activation, int32_t loss, int32_t optimizer) {
  size_t bytes;
  struct net reference = new_net(dtype, activation, loss, optimizer, 16);
  void *want = train_net(&reference, GRADUS_LEVEL_PLAIN, &bytes);
  hash_results(want, bytes);
  const int32_t top = gradus_level(LEVEL_TOP);
  EACH_LEVEL(level) {
    if (level == GRADUS_LEVEL_PLAIN && level != top) continue;
    for (int32_t chunk = level == top ? 1 : 16; chunk <= 40; chunk += 8) {
      struct net net = new_net(dtype, activation, loss, optimizer, chunk);
      void *got = train_net(&net, level, &bytes);
      CHECK(memcmp(want, got, bytes) == 0, "dtype %d activation %d loss %d optimizer %d: level %d, chunk %d differs",
            dtype, activation, loss, optimizer, level, chunk);
      CHECK(net.job.loss == reference.job.loss, "loss %.17g is not %.17g at level %d, chunk %d", net.job.loss,
            reference.job.loss, level, chunk);
      free(got);
    }
  }
  free(want);
}

static void mlp_test(void) {
  for (int32_t dtype = GRADUS_DTYPE_FLOAT32; dtype <= GRADUS_DTYPE_FLOAT64; dtype++) {
    for (int32_t activation = 0; activation <= OP_softplus; activation++)
      compare_net(dtype, activation, GRADUS_LOSS_MSE, GRADUS_OPTIMIZER_SGD);
    for (int32_t loss = GRADUS_LOSS_MSE; loss <= GRADUS_LOSS_CROSS_ENTROPY; loss++)
      compare_net(dtype, OP_tanh, loss, GRADUS_OPTIMIZER_RMSPROP);
    for (int32_t optimizer = GRADUS_OPTIMIZER_SGD; optimizer <= GRADUS_OPTIMIZER_LANGEVIN; optimizer++)
      compare_net(dtype, OP_gelu, GRADUS_LOSS_CROSS_ENTROPY, optimizer);
  }
  printf("hash of all trained networks %016llx\n", (unsigned long long)results_hash);
  CHECK(results_hash == 0xf13a75ed5bf8f8e5, "the results have the hash %llx", (unsigned long long)results_hash);
}

static void mlp_refuses_bad_jobs(void) {
  static double memory[4096];
  struct net net = new_net(GRADUS_DTYPE_FLOAT64, OP_tanh, GRADUS_LOSS_MSE, GRADUS_OPTIMIZER_SGD, 16);
  CHECK(gradus_mlp_scratch(&net.job) > 0, "the job is valid to begin with");
  struct net bad = net;
  bad.net[2] = 0;
  CHECK(gradus_mlp_scratch(&bad.job) == 0, "a layer without outputs is refused");
  bad = net;
  bad.net[1] = GRADUS_ACTIVATION_SOFTMAX;
  CHECK(gradus_mlp_scratch(&bad.job) == 0, "softmax in a hidden layer is refused");
  bad = net;
  bad.net[3] = OP_sin;
  CHECK(gradus_mlp_scratch(&bad.job) == 0, "an operation that is no activation is refused");
  bad = net;
  bad.order[5] = NET_ROWS;
  CHECK(gradus_mlp_epoch(&bad.job, memory, memory, memory, memory, memory) == GRADUS_ARGUMENT,
        "a row outside of the data is refused");
  bad = net;
  bad.job.optimizer = 6;
  CHECK(gradus_mlp_epoch(&bad.job, memory, memory, memory, memory, memory) == GRADUS_ARGUMENT,
        "an unknown optimizer is refused");
  bad = net;
  bad.job.targets_kind = GRADUS_TARGETS_CLASSES;
  CHECK(gradus_mlp_epoch(&bad.job, memory, memory, memory, memory, memory) == GRADUS_ARGUMENT,
        "class numbers without a cross-entropy are refused");
  int32_t classes[NET_ROWS] = {[11] = 3};
  bad.job.loss_kind = GRADUS_LOSS_CROSS_ENTROPY;
  CHECK(gradus_mlp_epoch(&bad.job, memory, memory, memory, classes, memory) == GRADUS_ARGUMENT,
        "a class outside of the outputs is refused");
  bad = net;
  bad.job.reserved = 1;
  CHECK(gradus_mlp_scratch(&bad.job) == 0, "a reserved field that is not 0 is refused");
  CHECK(gradus_mlp_epoch(&bad.job, memory, memory, memory, memory, memory) == GRADUS_ARGUMENT, "so it is by an epoch");
  CHECK(gradus_optimizer_state(&bad.job) == -1, "and by an optimizer on its own");
  CHECK(gradus_optimizer_step(&bad.job, memory, memory, memory, 1) == GRADUS_ARGUMENT, "which makes no step");
  CHECK(memory[0] == 0 && memory[4095] == 0, "nothing was written");
}

static void mlp_stops_before_the_next_batch(void) {
  struct net net = new_net(GRADUS_DTYPE_FLOAT32, OP_relu, GRADUS_LOSS_MSE, GRADUS_OPTIMIZER_SGD, 16);
  net.job.stop = 1;
  static float parameters[2 * NET_PARAMETERS], state[NET_PARAMETERS], data[NET_ROWS * NET_NIN];
  void *scratch = malloc((size_t)gradus_mlp_scratch(&net.job));
  CHECK(gradus_mlp_epoch(&net.job, parameters, state, data, data, scratch) == GRADUS_OK && net.job.batches == 0,
        "no batch is done after stop");
  free(scratch);
}

static void mlp_epoch_in_slices_gives_the_bits_of_one_call(void) {
  static double parameters[2][2 * NET_PARAMETERS], state[2][2 * NET_PARAMETERS], data[NET_ROWS * NET_NIN];
  struct net net[2];
  for (int i = 0; i < 2; i++)
    net[i] = new_net(GRADUS_DTYPE_FLOAT64, OP_tanh, GRADUS_LOSS_MSE, GRADUS_OPTIMIZER_ADAM, 16);
  gemm_state = 7;
  for (int i = 0; i < NET_PARAMETERS; i++) parameters[0][i] = parameters[1][i] = gemm_random();
  for (int i = 0; i < NET_ROWS * NET_NIN; i++) data[i] = gemm_random();
  void *scratch = malloc((size_t)gradus_mlp_scratch(&net[0].job));
  CHECK(gradus_mlp_epoch(&net[0].job, parameters[0], state[0], data, data, scratch) == GRADUS_OK, "an epoch is done");
  /* Two batches, then the last one, then none. */
  net[1].job.slice = 2;
  for (int32_t call = 0; call < 3; call++) {
    CHECK(gradus_mlp_epoch(&net[1].job, parameters[1], state[1], data, data, scratch) == GRADUS_OK, "a slice is done");
    int32_t batches = net[1].job.batches;
    CHECK(batches == (call == 0 ? 2 : 3), "after %d slices %d batches are done", call + 1, batches);
  }
  CHECK(memcmp(parameters[0], parameters[1], sizeof parameters[0]) == 0, "the parameters differ");
  CHECK(memcmp(state[0], state[1], sizeof state[0]) == 0, "the states differ");
  CHECK(net[0].job.loss == net[1].job.loss, "the loss %.17g is not %.17g", net[1].job.loss, net[0].job.loss);
  gradus_mlp_evaluate(&net[0].job, parameters[0], data, data, scratch);
  net[1].job.batches = 0;
  net[1].job.total = 0;
  for (int32_t call = 0; call < 3; call++) gradus_mlp_evaluate(&net[1].job, parameters[1], data, data, scratch);
  CHECK(net[0].job.loss == net[1].job.loss, "the loss %.17g is not %.17g", net[1].job.loss, net[0].job.loss);
  free(scratch);
}

/* Of large weights some rows are updated before the gradient of the inputs has read the next ones: as if all of them
 * were updated at the end, as they are where gradients may be clipped. The inputs lie in all ways that rows may. */
static void mlp_large_layers_give_the_bits_of_one_update(void) {
  enum { NIN = 20, HIDDEN = 1100, NOUT = 1000, ROWS = 9, COUNT = HIDDEN * (NIN + 1) + NOUT * (HIDDEN + 1) };
  struct {
    struct gradus_job job;
    int32_t net[4];
    uint32_t order[ROWS];
  } net = {.job = {.nin = NIN, .layers = 2, .rows = ROWS, .batch_size = ROWS, .chunk = ROWS,
                   .loss_kind = GRADUS_LOSS_MSE, .optimizer = GRADUS_OPTIMIZER_SGD, .learning_rate = 0.5},
           .net = {HIDDEN, OP_relu, NOUT, GRADUS_ACTIVATION_LINEAR}};
  float *parameters[3], *inputs = calloc(ROWS * NIN, sizeof(float)), *targets = calloc(ROWS * NOUT, sizeof(float));
  float *shuffled = calloc(ROWS * NIN, sizeof(float));
  gemm_state = 7;
  for (int i = 0; i < ROWS * NIN; i++) inputs[i] = (float)gemm_random();
  for (int i = 0; i < ROWS; i++) {
    net.order[i] = (uint32_t)(ROWS - 1 - i);
    memcpy(shuffled + i * NIN, inputs + (ROWS - 1 - i) * NIN, NIN * sizeof(float));
  }
  void *scratch = malloc((size_t)gradus_mlp_scratch(&net.job));
  for (int way = 0; way < 3; way++) { /* updated in the end, as it goes, and so in another order */
    parameters[way] = calloc(2 * COUNT, sizeof(float));
    gemm_state = 8;
    for (int i = 0; i < COUNT; i++) parameters[way][i] = (float)gemm_random() * 0.1F;
    net.job.clip_norm = way == 0 ? 1e30 : 0;
    net.job.ordered = way == 2;
    for (int step = 0; step < 2; step++)
      CHECK(gradus_mlp_epoch(&net.job, parameters[way], NULL, way == 2 ? shuffled : inputs, targets, scratch) ==
                GRADUS_OK, "a step is made");
    CHECK(memcmp(parameters[0], parameters[way], 2 * COUNT * sizeof(float)) == 0, "way %d gives other bits", way);
  }
  for (int way = 0; way < 3; way++) free(parameters[way]);
  free(inputs), free(targets), free(shuffled), free(scratch);
}

/* Sums of up to sixteen outputs and samples, whatever lies behind them. */
static void mlp_bias_gradients_are_sums(void) {
  enum { MOST = 17, STRIDE = 32 };
  float db[MOST + 1], dz[(MOST + 7) * STRIDE];
  EACH_LEVEL(level) {
    const struct kernels_f32 *kernels = kernels_for(GRADUS_DTYPE_FLOAT32);
    for (size_t nout = 1; nout <= MOST; nout++)
      for (size_t columns = 1; columns <= MOST; columns++)
        for (int start = START_ZERO; start <= START_C; start += START_C) {
          for (size_t i = 0; i < (MOST + 7) * STRIDE; i++)
            dz[i] = i / STRIDE < nout && i % STRIDE < columns ? (float)gemm_random() : (float)NAN;
          for (size_t o = 0; o <= MOST; o++) db[o] = (float)o;
          kernels->bias_gradient(db, dz, nout, STRIDE, columns, (enum gemm_start)start);
          for (size_t o = 0; o <= MOST; o++) {
            float want = o >= nout || start == START_C ? (float)o : 0;
            for (size_t s = 0; s < columns && o < nout; s++) want += dz[o * STRIDE + s];
            CHECK(db[o] == want, "level %d, %zu outputs, %zu samples: sum %zu is %g, not %g", level, nout, columns, o,
                  (double)db[o], (double)want);
          }
        }
  }
  gradus_level(LEVEL_TOP);
}
