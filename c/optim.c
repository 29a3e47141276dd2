/* optim.c: the optimizers, each one pass over parameters p with their gradients g. Definitions and defaults are
 * PyTorch's (torch.optim); Langevin's is given at its function. lr is the learning rate; state arrays start at zero.
 * All but Langevin's can be given a part of the parameters, so that an update can follow the gradient while that is in
 * the cache. */

#ifdef HAS_SCALARS
OUT_OF_LINE struct T(update) K(update_of)(const struct gradus_job *job, real *parameters, const real *gradients,
                                          void *state, size_t n) {
  double t = job->step + 1;
  struct T(update) u = {.job = job, .parameters = parameters, .gradients = gradients, .state = state, .n = n};
  u.lr = (real)job->learning_rate;
  u.momentum = (real)job->momentum;
  u.decay = (real)job->weight_decay;
  u.alpha = (real)job->alpha;
  u.rest_alpha = (real)(1 - job->alpha);
  u.eps = (real)job->eps;
  if (job->optimizer != GRADUS_OPTIMIZER_ADAM && job->optimizer != GRADUS_OPTIMIZER_ADAMW) return u;
  double correction1 = 1 - K64(pow)(job->beta1, t), correction2 = 1 - K64(pow)(job->beta2, t);
  int decoupled = job->optimizer == GRADUS_OPTIMIZER_ADAMW;
  u.decay = decoupled ? 0 : u.decay;
  u.shrink = decoupled ? (real)(1 - job->learning_rate * job->weight_decay) : 1;
  u.rest1 = (real)(1 - job->beta1);
  u.beta2 = (real)job->beta2;
  u.rest2 = (real)(1 - job->beta2);
  u.rate = (real)(job->learning_rate * K64(sqrt)(correction2) / correction1);
  u.eps = (real)(job->eps * K64(sqrt)(correction2));
  return u;
}

/* v ← (1 − damping)·v − lr·g + N(0, 2·damping·temperature·lr);  p ← p + v: sampling with inertia, the noise entering
 * the velocity. The noise of step t is stream NOISE + t of the seed, so it depends on nothing else. */
OUT_OF_LINE void K(langevin)(const struct gradus_job *job, real *restrict p, const real *restrict g, real *restrict v,
                             size_t n) {
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
#endif

/* g ← g + decay·p;  v ← momentum·v + g;  p ← p − lr·(nesterov ? g + momentum·v : v). Without momentum v is not
 * touched. */
OUT_OF_LINE void K(sgd)(const struct T(update) * u, real *restrict p, const real *restrict g, real *restrict v,
                        size_t count) {
  real lr = u->lr, momentum = u->momentum, decay = u->decay;
  if (u->job->momentum == 0) {
    for (size_t i = 0; i < count; i++) p[i] -= lr * (g[i] + decay * p[i]);
  } else if (u->job->nesterov) {
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
OUT_OF_LINE void K(rmsprop)(const struct T(update) * u, real *restrict p, const real *restrict g, real *restrict state,
                            size_t count) {
  real lr = u->lr, decay = u->decay, eps = u->eps, alpha = u->alpha, rest = u->rest_alpha, momentum = u->momentum;
  int centered = u->job->centered, has_momentum = u->job->momentum != 0;
  real *restrict s = state, *restrict a = state + u->n, *restrict v = state + (centered ? 2 * u->n : u->n);
  for (size_t i = 0; i < count; i++) {
    real d = g[i] + decay * p[i];
    s[i] = alpha * s[i] + rest * d * d;
    real r = s[i];
    if (centered) {
      a[i] = alpha * a[i] + rest * d;
      r -= a[i] * a[i];
    }
    real step = d / (K(sqrt)(r) + eps);
    if (has_momentum) step = v[i] = momentum * v[i] + step;
    p[i] -= lr * step;
  }
}

/* Adam (D. Kingma, J. Ba, 2015), with the decay added to the gradient, and AdamW (I. Loshchilov, F. Hutter, 2019),
 * where it shrinks the parameter instead: p ← p − lr·decay·p.
 * m ← β1·m + (1−β1)·g;  v ← β2·v + (1−β2)·g²;  p ← p − lr/(1−β1ᵗ) · m / (√v/√(1−β2ᵗ) + eps), t counting from 1. Both
 * sides of that fraction are taken times √(1−β2ᵗ), as its authors propose: one division less for each parameter. */
OUT_OF_LINE void K(adam)(const struct T(update) * u, real *restrict p, const real *restrict g, real *restrict state,
                         size_t count) {
  real decay = u->decay, shrink = u->shrink, rest1 = u->rest1, beta2 = u->beta2, rest2 = u->rest2;
  real rate = u->rate, eps = u->eps;
  real *restrict m = state, *restrict v = state + u->n;
  for (size_t i = 0; i < count; i++) {
    real d = g[i] + decay * p[i];
    m[i] += rest1 * (d - m[i]);
    v[i] = beta2 * v[i] + rest2 * d * d;
    p[i] = p[i] * shrink - rate * (m[i] / (K(sqrt)(v[i]) + eps));
  }
}

/* Updates the parameters from .. to-1. */
OUT_OF_LINE void K(update_range)(const void *context, size_t from, size_t to) {
  const struct T(update) *u = context;
  real *p = u->parameters + from, *s = u->state ? u->state + from : NULL;
  const real *g = u->gradients + from;
  switch (u->job->optimizer) {
    case GRADUS_OPTIMIZER_SGD: K(sgd)(u, p, g, s, to - from); break;
    case GRADUS_OPTIMIZER_RMSPROP: K(rmsprop)(u, p, g, s, to - from); break;
    case GRADUS_OPTIMIZER_ADAM:
    case GRADUS_OPTIMIZER_ADAMW: K(adam)(u, p, g, s, to - from); break;
    case GRADUS_OPTIMIZER_LANGEVIN: KS(langevin)(u->job, p, g, s, to - from); break;
    default: break;
  }
}

/* Updates all parameters, on all threads; Langevin's noise is one sequence. */
static void K(update_all)(const struct T(update) * u) {
  parallel(u->n, 64, u->job->optimizer == GRADUS_OPTIMIZER_LANGEVIN ? u->n : 1 << 15, K(update_range), u);
}

LOCAL void K(optimizer_entry)(struct gradus_job *job, void *parameters, const void *gradients, void *state, size_t n) {
  struct T(update) update = KS(update_of)(job, parameters, gradients, state, n);
  K(update_all)(&update);
  job->step += 1;
}
