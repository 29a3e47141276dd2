/* mlp.c: a fully connected network without a graph. Activations lie feature by feature: x is (nin, stride), column s
 * for sample s, the stride a multiple of COLUMNS, so that one product serves forward and backward without moving the
 * weights:
 *   z (nout,B) = b + w·x      dx (nin,B) = wᵀ·dz      dw (nout,nin) += dz·xᵀ      db (nout) += Σ dz
 * with w (nout,nin). The kernels of a level, which are given, compute that. Sums over the samples run sample by sample,
 * so that a batch cut into chunks gives the same bits.
 *
 * Scratch: loss (stride doubles); d, e (widest layer, stride) gradients; t (nout, stride) targets; work (3·stride);
 * rows (stride, nin), the inputs where they do not lie in the caller's memory as they are used; then x (nin, stride)
 * and, for each layer, z (nout, stride) and y (nout, stride), y being the x of the next layer. */

#ifndef MLP_SHARED
#define MLP_SHARED

#define COLUMNS 16 /* samples in a stride's step: one vector at most, so that no level needs an edge */
#define ALIGNMENT 64
#define LARGE_WEIGHTS ((size_t)1 << 20) /* of a layer: several megabytes, of which a block of rows fits a third cache */
#define UPDATED_TOGETHER 96             /* rows of such a block */
#define FEW_SAMPLES 64                  /* for which blocks pay */

static const int32_t *job_net(const struct gradus_job *job) { return (const int32_t *)(job + 1); }

static const uint32_t *job_order(const struct gradus_job *job) {
  return job->ordered ? (const uint32_t *)(job_net(job) + 2 * job->layers) : NULL;
}

static size_t layer_nout(const struct gradus_job *job, int32_t layer) {
  return (size_t)(layer < 0 ? job->nin : job_net(job)[2 * layer]);
}

static int32_t layer_activation(const struct gradus_job *job, int32_t layer) { return job_net(job)[2 * layer + 1]; }

static size_t job_stride(const struct gradus_job *job) { return round_up((size_t)job->chunk, COLUMNS); }

OUT_OF_LINE size_t widest_layer(const struct gradus_job *job) {
  size_t width = 0;
  for (int32_t l = -1; l < job->layers; l++) width = size_max(width, layer_nout(job, l));
  return width;
}

OUT_OF_LINE size_t parameter_count(const struct gradus_job *job) {
  size_t count = 0;
  for (int32_t l = 0; l < job->layers; l++) count += layer_nout(job, l) * (layer_nout(job, l - 1) + 1);
  return count;
}

/* What a layer is, and where its arrays begin: weight in the parameters, the others in the activations. */
struct layer {
  int32_t index;
  int32_t activation;
  size_t nin, nout;
  size_t weight, bias;
  size_t x, z, y;
};

static struct layer layer_at(const struct gradus_job *job, int32_t index, size_t weight, size_t x) {
  struct layer layer = {.index = index, .activation = layer_activation(job, index), .weight = weight, .x = x};
  layer.nin = layer_nout(job, index - 1);
  layer.nout = layer_nout(job, index);
  layer.bias = weight + layer.nin * layer.nout;
  layer.z = x + layer.nin * job_stride(job);
  layer.y = layer.z + layer.nout * job_stride(job);
  return layer;
}

static struct layer layer_after(const struct gradus_job *job, struct layer layer) {
  return layer_at(job, layer.index + 1, layer.bias + layer.nout, layer.y);
}

static struct layer layer_before(const struct gradus_job *job, struct layer layer) {
  size_t nin = layer_nout(job, layer.index - 2);
  return layer_at(job, layer.index - 1, layer.weight - layer.nin * (nin + 1),
                  layer.x - (layer.nin + nin) * job_stride(job));
}

OUT_OF_LINE struct layer layer_last(const struct gradus_job *job) {
  struct layer layer = layer_at(job, 0, 0, 0);
  while (layer.index < job->layers - 1) layer = layer_after(job, layer);
  return layer;
}

/* Whether there is something to compute, of each element on its own. */
static int is_elementwise(int32_t activation) {
  return activation != GRADUS_ACTIVATION_LINEAR && activation != GRADUS_ACTIVATION_SOFTMAX;
}

static int inputs_are_reals(const struct gradus_job *job) {
  return job->inputs_kind == GRADUS_INPUTS_REALS ||
         job->inputs_kind == (job->dtype == GRADUS_DTYPE_FLOAT64 ? GRADUS_INPUTS_FLOAT64 : GRADUS_INPUTS_FLOAT32);
}

static int loss_is_of_whole_rows(const struct gradus_job *job) { return job->loss_kind == GRADUS_LOSS_CROSS_ENTROPY; }

/* Whether layers are updated one by one: what is small is in the cache anyway, clipping wants all gradients first, and
 * Langevin's noise runs through all parameters. */
static int updates_in_layers(const struct gradus_job *job) {
  return parameter_count(job) > 65536 && job->clip_norm <= 0 && job->optimizer != GRADUS_OPTIMIZER_NONE &&
         job->optimizer != GRADUS_OPTIMIZER_LANGEVIN;
}

/* How many rows of a layer's weights are read for the gradient of its inputs, and then updated, before the next ones
 * are: large weights so come from memory once for both. For each block the gradient of the inputs is read and written
 * again, and the inputs are turned, so blocks are not small, and few samples go through them. */
static size_t updated_together(struct layer layer, size_t samples, int updates) {
  int is_large = layer.index > 0 && layer.nin * layer.nout > LARGE_WEIGHTS && samples <= FEW_SAMPLES;
  return updates && is_large ? UPDATED_TOGETHER : layer.nout;
}

/* The losses of n samples are divided by this: by n, and by the outputs where the loss adds up over them. */
static double mean_over(const struct gradus_job *job, size_t n) {
  return (double)n * (loss_is_of_whole_rows(job) ? 1 : (double)layer_nout(job, job->layers - 1));
}

/* The rows that one call goes through, all unless the job asks for a slice, and the sum of the losses so far. */
struct slice {
  size_t first, end;
  double total;
};

/* step: rows of a batch. */
OUT_OF_LINE struct slice slice_of(const struct gradus_job *job, size_t step) {
  size_t rows = (size_t)job->rows;
  if (job->slice <= 0) return (struct slice){0, rows, 0};
  size_t first = size_min((size_t)job->batches * step, rows), slice = (size_t)job->slice;
  return (struct slice){first, slice <= (rows - first) / step ? first + slice * step : rows, job->total};
}

/* A batch is done, and with it `rows` rows. */
OUT_OF_LINE void slice_goes_on(struct gradus_job *job, struct slice slice, size_t rows) {
  job->total = slice.total;
  job->loss = slice.total / mean_over(job, rows);
  __atomic_store_n(&job->batches, job->batches + 1, __ATOMIC_RELAXED);
}

static int is_stopped(const struct gradus_job *job) { return __atomic_load_n(&job->stop, __ATOMIC_RELAXED); }
#endif

struct K(scratch) {
  const struct T(kernels) *kernels;
  double *loss;
  real *d, *e, *t, *work, *rows, *activations;
};

OUT_OF_LINE struct K(scratch) K(scratch_of)(const void *kernels, const struct gradus_job *job, void *memory) {
  size_t stride = job_stride(job);
  uintptr_t address = ((uintptr_t)memory + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  struct K(scratch) scratch;
  scratch.kernels = kernels;
  scratch.loss = (double *)address;
  scratch.d = (real *)(scratch.loss + stride);
  scratch.e = scratch.d + widest_layer(job) * stride;
  scratch.t = scratch.e + widest_layer(job) * stride;
  scratch.work = scratch.t + layer_nout(job, job->layers - 1) * stride;
  scratch.rows = scratch.work + 3 * stride;
  scratch.activations = scratch.rows + (size_t)job->nin * stride;
  return scratch;
}

/* to ← n numbers of `from`, from `at` on, which are bytes or of a real type. */
OUT_OF_LINE void K(convert)(real *restrict to, const struct gradus_job *job, int32_t kind, const void *from_, size_t at,
                            size_t n) {
  if (kind == GRADUS_INPUTS_REALS) {
    memcpy(to, (const real *)from_ + at, n * sizeof(real));
  } else if (kind == GRADUS_INPUTS_UINT8) {
    const uint8_t *from = (const uint8_t *)from_ + at;
    for (size_t i = 0; i < n; i++) to[i] = (real)from[i] * (real)job->input_scale;
  } else {
    const other_real *from = (const other_real *)from_ + at;
    for (size_t i = 0; i < n; i++) to[i] = (real)from[i];
  }
}

/* x (width, stride) ← rows (columns, width), turned: some samples and features at a time, so that what is written stays
 * in the first cache until its lines are whole. */
OUT_OF_LINE void K(turn_rows)(const struct T(kernels) *kernels, real *x, size_t stride, const real *rows, size_t width,
                              size_t columns) {
  enum { SAMPLES = 64 / sizeof(real), FEATURES = 64 };
  for (size_t s = 0; s < columns; s += SAMPLES)
    for (size_t j = 0; j < width; j += FEATURES)
      kernels->turn(x + j * stride + s, stride, rows + s * width + j, width, size_min(SAMPLES, columns - s),
                    size_min(FEATURES, width - j));
}

/* x (width, stride) ← the rows first .. first+columns-1 of inputs or targets in the given order (NULL: as they are).
 * Returns these rows (columns, width), unless they are narrow: where they lie, if they lie there as they are used, else
 * in `copy`. */
OUT_OF_LINE const real *K(take_rows)(const struct gradus_job *job, const struct T(kernels) *kernels, real *x,
                                     real *copy, int32_t kind, const void *all, const uint32_t *order, size_t width,
                                     size_t first, size_t columns) {
  const real *reals = all, *rows = copy;
  size_t stride = job_stride(job);
  if (kind == GRADUS_INPUTS_REALS && order && width < COLUMNS) {
    for (size_t j = 0; j < width; j++)
      REST for (size_t s = 0; s < columns; s++) x[j * stride + s] = reals[order[first + s] * width + j];
    return rows;
  }
  if (kind == GRADUS_INPUTS_REALS && !order)
    rows = reals + first * width;
  else
    for (size_t s = 0; s < columns; s++)
      K(convert)(copy + s * width, job, kind, all, (order ? order[first + s] : first + s) * width, width);
  K(turn_rows)(kernels, x, stride, rows, width, columns);
  return rows;
}

/* x of the first layer ← the inputs of those rows, which are returned. */
OUT_OF_LINE const real *K(take_inputs)(const struct gradus_job *job, const struct K(scratch) * scratch,
                                       const void *inputs, const uint32_t *order, size_t first, size_t columns) {
  return K(take_rows)(job, scratch->kernels, scratch->activations, scratch->rows,
                      inputs_are_reals(job) ? GRADUS_INPUTS_REALS : job->inputs_kind, inputs, order, (size_t)job->nin,
                      first, columns);
}

/* t (nout, stride) ← the targets of those rows, class numbers as one-hot columns. */
static void K(take_targets)(const struct gradus_job *job, const struct K(scratch) * scratch, const void *targets,
                            size_t first, size_t columns) {
  size_t nout = layer_nout(job, job->layers - 1), stride = job_stride(job);
  const uint32_t *order = job_order(job);
  if (job->targets_kind == GRADUS_TARGETS_ROWS) { /* d is written later */
    K(take_rows)(job, scratch->kernels, scratch->t, scratch->d, GRADUS_INPUTS_REALS, targets, order, nout, first,
                 columns);
    return;
  }
  const int32_t *classes = targets;
  memset(scratch->t, 0, nout * stride * sizeof(real));
  for (size_t s = 0; s < columns; s++) {
    size_t class = (size_t)classes[order ? order[first + s] : first + s];
    scratch->t[class * stride + s] = 1;
  }
}

/* The activation of a layer, y ← f(z), or with d its derivative, d ← d·f'(z): follows a product block by block. */
struct K(activation) {
  const struct T(kernels) *kernels;
  int32_t activation;
  size_t stride;
  const real *z;
  real *y, *d;
};

static void K(activate)(const void *context, size_t row, size_t column, size_t rows_end, size_t columns_end) {
  const struct K(activation) *of = context;
  size_t stride = of->stride, together = column == 0 && columns_end == stride ? rows_end - row : 1;
  for (size_t o = row; o < rows_end; o += together) {
    size_t at = o * stride + column, n = (o + together - 1) * stride + columns_end - at;
    if (of->d) of->kernels->activation_backward(of->activation, of->d + at, of->z + at, of->y + at, n);
    else of->kernels->function_forward((uint32_t)of->activation, of->y + at, of->z + at, n);
  }
}

/* y of the last layer ← the network's outputs for x; every layer's z and y stay for backward. */
OUT_OF_LINE void K(forward)(const struct gradus_job *job, const real *parameters, const struct K(scratch) * scratch,
                       size_t columns) {
  size_t stride = job_stride(job), used = round_up(columns, COLUMNS);
  const struct T(kernels) *kernels = scratch->kernels;
  real *a = scratch->activations;
  for (struct layer l = layer_at(job, 0, 0, 0);; l = layer_after(job, l)) {
    real *z = l.activation == GRADUS_ACTIVATION_LINEAR ? a + l.y : a + l.z, *y = a + l.y;
    kernels->gemm(&(struct T(product)){
        .c = z, .cr = stride,
        .a = parameters + l.weight, .ar = l.nin, .ac = 1,
        .b = a + l.x, .br = stride, .bc = 1,
        .m = l.nout, .n = used, .k = l.nin,
        .start = START_BIAS, .bias = parameters + l.bias,
        .finish = is_elementwise(l.activation) ? K(activate) : NULL,
        .context = &(struct K(activation)){kernels, l.activation, stride, z, y, NULL},
    });
    if (l.activation == GRADUS_ACTIVATION_SOFTMAX)
      kernels->softmax(y, z, l.nout, stride, used, scratch->work, scratch->work + stride,
                 scratch->work + 2 * stride);
    if (l.index == job->layers - 1) return;
  }
}

/* The update of a layer's weights (nout,nin), which follows their gradients block by block. */
struct K(weight_update) {
  const struct T(kernels) *kernels;
  const struct T(update) *update;
  size_t weight, nin;
};

static void K(update_weights)(const void *context, size_t row, size_t column, size_t rows_end, size_t columns_end) {
  const struct K(weight_update) *of = context;
  size_t together = column == 0 && columns_end == of->nin ? rows_end - row : 1; /* whole rows lie in a row */
  for (size_t o = row; o < rows_end; o += together) {
    size_t first = of->weight + o * of->nin, last = first + (together - 1) * of->nin;
    of->kernels->update_range(of->update, first + column, last + columns_end);
  }
}

/* d holds dloss/dy of the last layer: the gradients of all parameters ← start + theirs; dloss/dx of the network is
 * returned (in d or e) if wanted. rows (columns, nin) are the network's inputs if they are there, else NULL, or unset
 * where nin < COLUMNS: then x is turned back. With an update, each layer's is made as its gradients come, while they
 * are in the cache; so the gradient of its inputs, which depends on the weights, comes first. */
OUT_OF_LINE real *K(backward)(const struct gradus_job *job, const real *parameters, real *gradients,
                              const struct K(scratch) * scratch, const real *rows, size_t columns,
                              enum gemm_start start, int wanted, const struct T(update) * update) {
  size_t stride = job_stride(job), used = round_up(columns, COLUMNS);
  const struct T(kernels) *kernels = scratch->kernels;
  real *a = scratch->activations, *d = scratch->d, *e = scratch->e;
  struct layer l = layer_last(job);
  if (l.activation == GRADUS_ACTIVATION_SOFTMAX)
    kernels->softmax_backward(d, a + l.y, l.nout, stride, used, scratch->work);
  else if (is_elementwise(l.activation))
    K(activate)(&(struct K(activation)){kernels, l.activation, stride, a + l.z, a + l.y, d}, 0, 0, l.nout, used);
  for (;; l = layer_before(job, l)) {
    int has_rows = l.index == 0 && rows && l.nin >= COLUMNS;
    struct K(activation) before = {kernels, GRADUS_ACTIVATION_LINEAR, stride, a + l.x - l.nin * stride, a + l.x, e};
    if (l.index > 0) before.activation = layer_activation(job, l.index - 1);
    for (size_t o = 0, together = updated_together(l, used, update != NULL), end; o < l.nout; o = end) {
      end = size_min(o + together, l.nout);
      if (l.index > 0 || wanted)
        kernels->gemm(&(struct T(product)){
            .c = e, .cr = stride,
            .a = parameters + l.weight + o * l.nin, .ar = 1, .ac = l.nin,
            .b = d + o * stride, .br = stride, .bc = 1,
            .m = l.nin, .n = used, .k = end - o,
            .start = o == 0 ? START_ZERO : START_C,
            .finish = end == l.nout && is_elementwise(before.activation) ? K(activate) : NULL,
            .context = &before,
        });
      kernels->gemm(&(struct T(product)){
          .c = gradients + l.weight + o * l.nin, .cr = l.nin,
          .a = d + o * stride, .ar = stride, .ac = 1,
          .b = has_rows ? rows : a + l.x, .br = has_rows ? l.nin : 1, .bc = has_rows ? 1 : stride,
          .m = end - o, .n = l.nin, .k = columns,
          .start = start,
          .finish = update ? K(update_weights) : NULL,
          .context = &(struct K(weight_update)){kernels, update, l.weight + o * l.nin, l.nin},
      });
    }
    kernels->bias_gradient(gradients + l.bias, d, l.nout, stride, columns, start);
    if (update) kernels->update_range(update, l.bias, l.bias + l.nout);
    real *dy = d;
    d = l.index > 0 || wanted ? e : d;
    e = dy;
    if (l.index == 0) return d;
  }
}

static int K(all_finite)(const real *x, size_t rows, size_t stride, size_t columns) {
  for (size_t i = 0; i < rows; i++)
    for (size_t s = 0; s < columns; s++)
      if (x[i * stride + s] - x[i * stride + s] != 0) return 0;
  return 1;
}

/* After a forward pass that ended in a loss that is not finite: where that began (job.bad_layer). */
static int32_t K(first_bad_layer)(const struct gradus_job *job, const real *a, size_t columns) {
  size_t stride = job_stride(job);
  if (!K(all_finite)(a, (size_t)job->nin, stride, columns)) return -1;
  for (struct layer l = layer_at(job, 0, 0, 0);; l = layer_after(job, l)) {
    if (!K(all_finite)(a + l.y, l.nout, stride, columns)) return l.index;
    if (l.index == job->layers - 1) return job->layers;
  }
}

/* The summed loss of the samples first .. first+columns-1 is added to *total; d ← its gradient times scale.
 * Returns the rows of their inputs, or NULL if the loss is not finite. */
static const real *K(forward_loss)(struct gradus_job *job, const real *parameters, const void *inputs,
                                   const void *targets, const struct K(scratch) * scratch, size_t first,
                                   size_t columns, real scale, double *total) {
  size_t stride = job_stride(job);
  struct layer last = layer_last(job);
  const real *rows = K(take_inputs)(job, scratch, inputs, job_order(job), first, columns);
  K(take_targets)(job, scratch, targets, first, columns);
  K(forward)(job, parameters, scratch, columns);
  scratch->kernels->loss(job->loss_kind, scratch->loss, scratch->d, scratch->activations + last.y, scratch->t,
                         last.nout, stride, round_up(columns, COLUMNS), scale, scratch->work);
  double sum = *total;
  for (size_t s = 0; s < columns; s++) sum += scratch->loss[s];
  *total = sum;
  if (sum - sum == 0) return rows;
  job->bad_layer = K(first_bad_layer)(job, scratch->activations, columns);
  return NULL;
}

static void K(mlp_predict)(const void *kernels, const struct gradus_job *job, void *outputs, const void *parameters,
                           const void *inputs, void *memory) {
  struct K(scratch) scratch = K(scratch_of)(kernels, job, memory);
  struct layer last = layer_last(job);
  size_t stride = job_stride(job), rows = (size_t)job->rows;
  for (size_t first = 0; first < rows; first += (size_t)job->chunk) {
    size_t columns = size_min((size_t)job->chunk, rows - first);
    K(take_inputs)(job, &scratch, inputs, NULL, first, columns);
    K(forward)(job, parameters, &scratch, columns);
    scratch.kernels->turn((real *)outputs + first * last.nout, last.nout, scratch.activations + last.y, stride,
                          last.nout, columns);
  }
}

static void K(mlp_backward)(const void *kernels, const struct gradus_job *job, void *input_gradient, void *parameters,
                            const void *output_gradient, void *memory) {
  struct K(scratch) scratch = K(scratch_of)(kernels, job, memory);
  size_t stride = job_stride(job), columns = (size_t)job->rows, nout = layer_nout(job, job->layers - 1);
  K(turn_rows)(kernels, scratch.d, stride, output_gradient, nout, columns);
  real *d = K(backward)(job, parameters, (real *)parameters + parameter_count(job), &scratch, NULL, columns, START_C,
                        input_gradient != NULL, NULL);
  if (input_gradient) scratch.kernels->turn(input_gradient, (size_t)job->nin, d, stride, (size_t)job->nin, columns);
}

static int32_t K(mlp_evaluate)(const void *kernels, struct gradus_job *job, const void *parameters,
                               const void *inputs, const void *targets, void *memory) {
  struct K(scratch) scratch = K(scratch_of)(kernels, job, memory);
  struct slice slice = slice_of(job, (size_t)job->chunk);
  for (size_t first = slice.first; first < slice.end; first += (size_t)job->chunk) {
    size_t columns = size_min((size_t)job->chunk, slice.end - first);
    K(forward_loss)(job, parameters, inputs, targets, &scratch, first, columns, 0, &slice.total);
    slice_goes_on(job, slice, first + columns);
  }
  return GRADUS_OK;
}

/* The gradient of the mean loss of one batch, chunk by chunk, and the update as it goes if that is asked for; its
 * summed loss is added to *total. */
static int K(batch_gradient)(struct gradus_job *job, real *parameters, const void *inputs, const void *targets,
                             const struct K(scratch) * scratch, size_t first, size_t rows, double *total,
                             const struct T(update) * update) {
  real *gradients = parameters + parameter_count(job);
  real scale = (real)(1 / mean_over(job, rows));
  for (size_t done = 0; done < rows; done += (size_t)job->chunk) {
    size_t columns = size_min((size_t)job->chunk, rows - done);
    const real *of_inputs = K(forward_loss)(job, parameters, inputs, targets, scratch, first + done, columns, scale,
                                            total);
    if (!of_inputs) return 0;
    K(backward)(job, parameters, gradients, scratch, of_inputs, columns, done == 0 ? START_ZERO : START_C, 0,
                done + columns == rows ? update : NULL);
  }
  return 1;
}

static void K(clip)(struct gradus_job *job, const struct T(kernels) *kernels, real *gradients, size_t n) {
  job->gradient_norm = kernels->norm(gradients, n);
  double factor = job->clip_norm / (job->gradient_norm + 1e-6);
  if (factor < 1) kernels->scale(gradients, factor, n);
}

static int32_t K(mlp_epoch)(const void *kernels, struct gradus_job *job, void *parameters, void *state,
                            const void *inputs, const void *targets, void *memory) {
  struct K(scratch) scratch = K(scratch_of)(kernels, job, memory);
  size_t n = parameter_count(job);
  real *gradients = (real *)parameters + n;
  struct slice slice = slice_of(job, (size_t)job->batch_size);
  int in_layers = updates_in_layers(job);
  for (size_t first = slice.first; first < slice.end && !is_stopped(job); first += (size_t)job->batch_size) {
    size_t batch = size_min((size_t)job->batch_size, slice.end - first);
    struct T(update) update = scratch.kernels->update_of(job, parameters, gradients, state, n);
    if (!K(batch_gradient)(job, parameters, inputs, targets, &scratch, first, batch, &slice.total,
                           in_layers ? &update : NULL))
      return GRADUS_NUMERIC;
    if (job->clip_norm > 0) K(clip)(job, scratch.kernels, gradients, n);
    if (job->optimizer != GRADUS_OPTIMIZER_NONE) {
      if (!in_layers) scratch.kernels->update_all(&update);
      job->step += 1;
    }
    slice_goes_on(job, slice, first + batch);
  }
  return GRADUS_OK;
}
