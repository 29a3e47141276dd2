/* optim.c: the optimizers, each one pass over n parameters p with their gradients g. Definitions and defaults are PyTorch's
 * (torch.optim); Langevin's is given at its function. lr is the learning rate; state arrays start at zero. All but Langevin's
 * can be given a part of the parameters: `count` of the n that an array of the state has. */

/* g ← g + decay·p;  v ← momentum·v + g;  p ← p − lr·(nesterov ? g + momentum·v : v). Without momentum v is not touched. */
LOCAL void K(sgd)(const struct gradus_job *job, real *restrict p, const real *restrict g, real *restrict v, size_t count) {
  real lr = (real)job->learning_rate, momentum = (real)job->momentum, decay = (real)job->weight_decay;
  if (job->momentum == 0) {
    for (size_t i = 0; i < count; i++) p[i] -= lr * (g[i] + decay * p[i]);
  } else if (job->nesterov) {
    for (size_t i = 0; i < count; i++) {
      real d = g[i] + decay * p[i];
      v[i] = momentum * v[i] + d;
      p[i] -= lr * (d + momentum * v[i]);
    }
  } else {
    for (size_t i = 0; i < count; i++) {
      v[i] = momentum * v[i] + (g[i] + decay * p[i]);
      p[i] -= lr * v[i];
    }
  }
}

/* g ← g + decay·p;  s ← α·s + (1−α)·g²;  centered: a ← α·a + (1−α)·g, r = s − a², else r = s;  u = g / (√r + eps);
 * momentum: v ← momentum·v + u, u = v;  p ← p − lr·u.  State: s, then a if centered, then v if momentum. */
LOCAL void K(rmsprop)(const struct gradus_job *job, real *restrict p, const real *restrict g, real *restrict state, size_t n,
                      size_t count) {
  real lr = (real)job->learning_rate, decay = (real)job->weight_decay, eps = (real)job->eps;
  real alpha = (real)job->alpha, beta = (real)(1 - job->alpha), momentum = (real)job->momentum;
  real *s = state, *a = state + n, *v = state + (job->centered ? 2 * n : n);
  for (size_t i = 0; i < count; i++) {
    real d = g[i] + decay * p[i];
    s[i] = alpha * s[i] + beta * d * d;
    real r = s[i];
    if (job->centered) {
      a[i] = alpha * a[i] + beta * d;
      r -= a[i] * a[i];
    }
    real u = d / (K(sqrt)(r) + eps);
    if (job->momentum != 0) u = v[i] = momentum * v[i] + u;
    p[i] -= lr * u;
  }
}

/* Adam (D. Kingma, J. Ba, 2015), with the decay added to the gradient, and AdamW (I. Loshchilov, F. Hutter, 2019), where it
 * shrinks the parameter instead: p ← p − lr·decay·p.
 * m ← β1·m + (1−β1)·g;  v ← β2·v + (1−β2)·g²;  p ← p − lr/(1−β1ᵗ) · m / (√v/√(1−β2ᵗ) + eps), t counting from 1. */
LOCAL void K(adam)(const struct gradus_job *job, real *restrict p, const real *restrict g, real *restrict state, size_t n,
                   size_t count) {
  double t = job->step + 1;
  double correction1 = 1 - K64(pow)(job->beta1, t), correction2 = 1 - K64(pow)(job->beta2, t);
  real rate = (real)(job->learning_rate / correction1), root = (real)K64(sqrt)(correction2), eps = (real)job->eps;
  real beta1 = (real)(1 - job->beta1), beta2 = (real)job->beta2, rest2 = (real)(1 - job->beta2);
  int decoupled = job->optimizer == GRADUS_OPTIMIZER_ADAMW;
  real decay = decoupled ? 0 : (real)job->weight_decay;
  real shrink = decoupled ? (real)(1 - job->learning_rate * job->weight_decay) : 1;
  real *restrict m = state, *restrict v = state + n;
  for (size_t i = 0; i < count; i++) {
    real d = g[i] + decay * p[i];
    m[i] += beta1 * (d - m[i]);
    v[i] = beta2 * v[i] + rest2 * d * d;
    p[i] = p[i] * shrink - rate * (m[i] / (K(sqrt)(v[i]) / root + eps));
  }
}

/* v ← (1 − damping)·v − lr·g + N(0, 2·damping·temperature·lr);  p ← p + v: sampling with inertia, the noise entering the
 * velocity. The noise of step t is stream NOISE + t of the seed, so it depends on nothing else. */
LOCAL void K(langevin)(const struct gradus_job *job, real *restrict p, const real *restrict g, real *restrict v, size_t n) {
  real lr = (real)job->learning_rate, keep = (real)(1 - job->damping);
  double std = K64(sqrt)(2 * job->damping * job->temperature * job->learning_rate);
  struct rng rng;
  rng_init(&rng, job->seed[0], job->seed[1], (uint32_t)job->step, RNG_STREAM_NOISE);
  for (size_t i = 0; i < n; i++) {
    real noise = std > 0 ? (real)(std * rng_normal(&rng)) : 0;
    v[i] = keep * v[i] - lr * g[i] + noise;
    p[i] += v[i];
  }
}

/* Updates `count` parameters from `from` on, of n. */
OUT_OF_LINE void K(optimizer_part)(const struct gradus_job *job, real *parameters, const real *gradients, real *state, size_t n,
                             size_t from, size_t count) {
  real *p = parameters + from, *s = state ? state + from : NULL;
  const real *g = gradients + from;
  switch (job->optimizer) {
    case GRADUS_OPTIMIZER_SGD: K(sgd)(job, p, g, s, count); break;
    case GRADUS_OPTIMIZER_RMSPROP: K(rmsprop)(job, p, g, s, n, count); break;
    case GRADUS_OPTIMIZER_ADAM:
    case GRADUS_OPTIMIZER_ADAMW: K(adam)(job, p, g, s, n, count); break;
    case GRADUS_OPTIMIZER_LANGEVIN: K(langevin)(job, p, g, s, count); break;
    default: break;
  }
}

struct K(update) {
  const struct gradus_job *job;
  real *parameters;
  const real *gradients;
  real *state;
  size_t n, first;
};

static void K(update_range)(const void *context, size_t from, size_t to) {
  const struct K(update) *of = context;
  K(optimizer_part)(of->job, of->parameters, of->gradients, of->state, of->n, of->first + from, to - from);
}

/* Updates `count` parameters from `first` on, of n, on all threads; Langevin's noise is one sequence. */
static void K(optimizer_update)(const struct gradus_job *job, real *parameters, const real *gradients, real *state, size_t n,
                                size_t first, size_t count) {
  struct K(update) of = {job, parameters, gradients, state, n, first};
  parallel(count, 64, job->optimizer == GRADUS_OPTIMIZER_LANGEVIN ? count : 1 << 15, K(update_range), &of);
}

LOCAL void K(optimizer_entry)(struct gradus_job *job, void *parameters, const void *gradients, void *state, size_t n) {
  K(optimizer_update)(job, parameters, gradients, state, n, 0, n);
  job->step += 1;
}
