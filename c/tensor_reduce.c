/* tensor_reduce.c: reductions and running sums along an axis of an array (outer,count,inner). The steps down the
 * columns are a level's (reduce.c); in which order they are made, and by which thread, is decided here, from the sizes
 * alone.
 *
 * Wide rows, of at least WIDE numbers, or few: each column is one chain over its rows. Narrow ones: the rows are cut
 * into at most CHUNKS chunks, in each of which row i belongs to partial result i mod PARTIALS; these are halved
 * pairwise, and the chunks combined in their order. Threads share columns, chunks or the outer axis. */
#include "base.h"

#define PARTIALS 32                       /* partial results of a chunk: they hide how long an addition takes */
#define ROWS_TOGETHER 4                   /* of a wide array, so many rows are read side by side */
#define AHEAD 1024                        /* bytes of a row that are fetched before they are needed */
#define WIDE 64                           /* numbers in a row from which on a column is one chain */
#define STRETCH 4096                      /* columns whose results stay in the first caches */
#define CHUNKS 64                         /* and no more */
#define LEAST_OF_CHUNK ((size_t)1 << 14)  /* numbers of a chunk, where there are several */
#define LEAST_OF_THREAD ((size_t)1 << 15) /* numbers that are worth a thread: some microseconds */

/* a[j] ← step(a[j], x[i·stride + j]) for the rows i = 0, 1, …; the results a are double, or int64_t of integers. */
typedef void reduce_down(void *a, const void *x, size_t stride, size_t rows, size_t columns);

/* 1, but the compiler cannot know. */
static const volatile double exactly_one = 1;

/* The partial results of a row, halved pairwise: numbers j and j + half become one, for half of them, then a quarter, …
 * What every row of a softmax needs is unrolled. */
#define X(name, step, outside, inside)                                     \
  OUT_OF_LINE double halved_##name(double *to) {                           \
    outside for (size_t half = PARTIALS / 2; half > 0; half /= 2)          \
      inside for (size_t j = 0; j < half; j++) {                           \
        const double a = to[j], x = to[j + half];                          \
        to[j] = step;                                                      \
      }                                                                    \
    return to[0];                                                          \
  }
X(sum, a + x, _Pragma("clang loop unroll(full)"), )
X(max, x > a || x != x ? x : a, _Pragma("clang loop unroll(full)"), )
X(min, x < a || x != x ? x : a, , REST)
X(prod, a * x, , REST)
#undef X

typedef double halve(double *partial);

/* The reduction of a row of n numbers: number i belongs to partial result i mod PARTIALS. */
OUT_OF_LINE double row_of(reduce_down *down, halve *halved, double start, const void *x, size_t bytes, size_t n) {
  double partial[PARTIALS];
  const size_t left = n % PARTIALS;
  for (size_t j = 0; j < PARTIALS; j++) partial[j] = start;
  down(partial, x, PARTIALS, n / PARTIALS, PARTIALS);
  if (left > 0) down(partial, (const char *)x + (n - left) * bytes, 0, 1, left);
  return halved(partial);
}

/* A result that is not there yet. */
union number {
  double real;
  int64_t whole;
};

struct reduction {
  int32_t kind, type;
  reduce_down *down, *combine; /* of elements; of results */
  size_t bytes; /* of an element */
  size_t outer, count, inner;
  size_t chunk_rows;
  const char *x;
  char *y;
  union number *chunks; /* (chunks, inner), of the outer index that is computed */
};

/* ---- integers ---- */

#define X(name, step)                                                                                          \
  static void whole_##name##_down(void *to, const void *from, size_t stride, size_t rows, size_t columns) {    \
    int64_t *restrict result = to;                                                                             \
    for (size_t i = 0; i < rows; i++)                                                                          \
      REST for (size_t j = 0; j < columns; j++) {                                                              \
        const int64_t a = result[j], x = ((const int64_t *)from)[i * stride + j];                              \
        result[j] = step;                                                                                      \
      }                                                                                                        \
  }
X(sum, (int64_t)((uint64_t)a + (uint64_t)x))
X(prod, (int64_t)((uint64_t)a * (uint64_t)x))
X(max, x > a ? x : a)
X(min, x < a ? x : a)
#undef X

static reduce_down *whole_reduction(int32_t kind) {
  switch (kind) {
    case GRADUS_REDUCTION_SUM: return whole_sum_down;
    case GRADUS_REDUCTION_PROD: return whole_prod_down;
    case GRADUS_REDUCTION_MAX: return whole_max_down;
    case GRADUS_REDUCTION_MIN: return whole_min_down;
    default: return NULL;
  }
}

/* What is found where an index is asked for. */
static int32_t extreme_of(int32_t kind) {
  switch (kind) {
    case GRADUS_REDUCTION_ARGMAX: return GRADUS_REDUCTION_MAX;
    case GRADUS_REDUCTION_ARGMIN: return GRADUS_REDUCTION_MIN;
    default: return kind;
  }
}

/* ---- results ---- */

static union number reduction_start(const struct reduction *of) {
  int is_whole = of->type == GRADUS_ELEMENT_INT64;
  switch (of->kind) {
    case GRADUS_REDUCTION_PROD: return is_whole ? (union number){.whole = 1} : (union number){.real = 1};
    case GRADUS_REDUCTION_MAX:
      return is_whole ? (union number){.whole = INT64_MIN} : (union number){.real = -__builtin_inf()};
    case GRADUS_REDUCTION_MIN:
      return is_whole ? (union number){.whole = INT64_MAX} : (union number){.real = __builtin_inf()};
    default: return is_whole ? (union number){.whole = 0} : (union number){.real = 0};
  }
}

static halve *halving_of(int32_t kind) {
  switch (kind) {
    case GRADUS_REDUCTION_PROD: return halved_prod;
    case GRADUS_REDUCTION_MAX: return halved_max;
    case GRADUS_REDUCTION_MIN: return halved_min;
    default: return halved_sum;
  }
}

/* Elements first .. first+n-1 of y ← the results, rounded once. */
OUT_OF_LINE void reduction_store(const struct reduction *of, size_t first, const union number *from, size_t n) {
  for (size_t j = 0; j < n; j++) {
    const double result = of->kind == GRADUS_REDUCTION_MEAN ? from[j].real / (double)of->count : from[j].real;
    switch (of->type) {
      case GRADUS_ELEMENT_FLOAT32: ((float *)of->y)[first + j] = (float)result; break;
      case GRADUS_ELEMENT_FLOAT64: ((double *)of->y)[first + j] = result; break;
      default: ((int64_t *)of->y)[first + j] = from[j].whole; break;
    }
  }
}

/* ---- wide rows ---- */

/* What is computed column by column, on all threads. */
static void each_column(const struct reduction *of, range_task *run) {
  parallel(of->outer * of->inner, PARTIALS, LEAST_OF_THREAD / size_max(of->count, 1), run, of);
}

/* Columns that go down side by side: those of one outer index, or, where that has but a short one, those of several,
 * turned. */
struct columns {
  const char *x;
  size_t stride, n;
};

#define TURNED 64
#define TURNED_BYTES (TURNED * PARTIALS * sizeof(double))

/* The next ones, from column `from` on and before `to`. */
static struct columns next_columns(const struct reduction *of, size_t from, size_t to, size_t most, char *turned) {
  if (of->inner == 1 && of->count < PARTIALS) {
    const size_t n = size_min(to - from, TURNED);
    const int64_t count = (int64_t)of->count;
    copy_rows(of->bytes, turned, 1, (int64_t)n, of->x + from * of->count * of->bytes, count, 1, (int64_t)n, count);
    return (struct columns){turned, n, n};
  }
  const size_t o = from / of->inner, j = from % of->inner;
  const size_t n = size_min(size_min(to - from, most), of->inner - j);
  return (struct columns){of->x + (o * of->count * of->inner + j) * of->bytes, of->inner, n};
}

static void reduce_columns(const void *context, size_t from, size_t to) {
  const struct reduction *of = context;
  _Alignas(64) char turned[TURNED_BYTES];
  union number result[STRETCH];
  const union number start = reduction_start(of);
  for (struct columns next; from < to; from += next.n) {
    next = next_columns(of, from, to, STRETCH, turned);
    for (size_t j = 0; j < next.n; j++) result[j] = start;
    of->down(result, next.x, next.stride, of->count, next.n);
    reduction_store(of, from, result, next.n);
  }
}

/* ---- narrow rows ---- */

/* to[inner] ← the reduction of rows (rows,inner). */
static void reduce_chunk(const struct reduction *of, union number *to, const char *x, size_t rows) {
  if (of->inner == 1 && of->type != GRADUS_ELEMENT_INT64) {
    to->real = row_of(of->down, halving_of(of->kind), reduction_start(of).real, x, of->bytes, rows);
    return;
  }
  union number result[PARTIALS * WIDE];
  const union number start = reduction_start(of);
  size_t width = PARTIALS * of->inner, deep = rows / PARTIALS;
  for (size_t j = 0; j < width; j++) result[j] = start;
  of->down(result, x, width, deep, width);
  of->down(result, x + deep * width * of->bytes, 0, 1, rows % PARTIALS * of->inner);
  for (size_t half = width / 2; half >= of->inner; half /= 2) of->combine(result, result + half, 0, 1, half);
  memcpy(to, result, of->inner * sizeof *to);
}

static void reduce_chunks(const void *context, size_t from, size_t to) {
  const struct reduction *of = context;
  for (size_t c = from; c < to; c++) {
    size_t first = c * of->chunk_rows;
    reduce_chunk(of, of->chunks + c * of->inner, of->x + first * of->inner * of->bytes,
                 size_min(of->chunk_rows, of->count - first));
  }
}

/* The chunks of one outer index after another: many threads share those of each. */
static void reduce_rows(const void *context, size_t from, size_t to) {
  struct reduction of = *(const struct reduction *)context;
  union number results[CHUNKS * WIDE];
  const char *x = of.x;
  size_t chunks = size_max((of.count + of.chunk_rows - 1) / of.chunk_rows, 1);
  of.chunks = results;
  for (size_t o = from; o < to; o++) {
    of.x = x + o * of.count * of.inner * of.bytes;
    if (chunks == 1) reduce_chunk(&of, results, of.x, of.count);
    else parallel(chunks, 1, LEAST_OF_THREAD / LEAST_OF_CHUNK, reduce_chunks, &of);
    for (size_t c = 1; c < chunks; c++) of.combine(results, results + c * of.inner, 0, 1, of.inner);
    reduction_store(&of, o * of.inner, results, of.inner);
  }
}

static size_t rows_of_chunk(size_t count, size_t inner) {
  size_t chunks = size_min(CHUNKS, count * inner / LEAST_OF_CHUNK + 1);
  return round_up(size_max((count + chunks - 1) / chunks, 1), PARTIALS);
}

static void reduce(struct reduction *of) {
  size_t numbers = of->count * of->inner;
  if (of->inner >= WIDE || of->count < PARTIALS) {
    each_column(of, reduce_columns);
    return;
  }
  of->chunk_rows = rows_of_chunk(of->count, of->inner);
  if (numbers >= 2 * LEAST_OF_THREAD) reduce_rows(of, 0, of->outer);
  else parallel(of->outer, 1, LEAST_OF_THREAD / size_max(numbers, 1), reduce_rows, of);
}

/* ---- where the extremes are ---- */

#define ARG_COLUMNS 256

/* index[j] ← the first row that no row i is better than, x[i·stride + j], a NaN being the best. */
#define X(name, type, worse)                                                                                        \
  static void name(int32_t *restrict index, const void *restrict from, size_t stride, size_t rows, size_t columns) { \
    type best[ARG_COLUMNS];                                                                                         \
    for (size_t j = 0; j < columns; j++) best[j] = ((const type *)from)[j], index[j] = 0;                           \
    for (size_t i = 1; i < rows; i++)                                                                               \
      for (size_t j = 0; j < columns; j++) {                                                                        \
        const type x = ((const type *)from)[i * stride + j], a = best[j];                                           \
        const int is_better = !(worse) & (a == a);                                                                     \
        best[j] = is_better ? x : a;                                                                                \
        index[j] = is_better ? (int32_t)i : index[j];                                                               \
      }                                                                                                             \
  }
X(argmax_f32, float, x <= a)
X(argmax_f64, double, x <= a)
X(argmax_i64, int64_t, x <= a)
X(argmin_f32, float, x >= a)
X(argmin_f64, double, x >= a)
X(argmin_i64, int64_t, x >= a)
#undef X

typedef void arg_down(int32_t *index, const void *x, size_t stride, size_t rows, size_t columns);

static arg_down *arg_reduction(int32_t kind, int32_t type) {
  int is_max = kind == GRADUS_REDUCTION_ARGMAX;
  switch (type) {
    case GRADUS_ELEMENT_FLOAT32: return is_max ? argmax_f32 : argmin_f32;
    case GRADUS_ELEMENT_FLOAT64: return is_max ? argmax_f64 : argmin_f64;
    default: return is_max ? argmax_i64 : argmin_i64;
  }
}

static void columns_to_index(const void *context, size_t from, size_t to) {
  const struct reduction *of = context;
  arg_down *down = arg_reduction(of->kind, of->type);
  _Alignas(64) char turned[TURNED_BYTES];
  for (struct columns next; from < to; from += next.n) {
    next = next_columns(of, from, to, ARG_COLUMNS, turned);
    down((int32_t *)of->y + from, next.x, next.stride, of->count, next.n);
  }
}

/* The number of the first that is the extreme, or is NaN: one of them is. Looked for in blocks, if there are any. */
#define LOOKED_AT 64
#define X(name, type, blocks)                                                                \
  OUT_OF_LINE int32_t first_##name(const type *x, type extreme, size_t n) {                       \
    size_t i = 0;                                                                            \
    for (int found = 0; blocks && i + LOOKED_AT <= n; i += LOOKED_AT) {                      \
      const type *in = x + i;                                                                \
      for (size_t j = 0; j < LOOKED_AT; j++) found |= (in[j] == extreme) | (in[j] != in[j]); \
      if (found) break;                                                                      \
    }                                                                                        \
    for (; x[i] != extreme && x[i] == x[i]; i++) {}                                          \
    return (int32_t)i;                                                                       \
  }
X(f32, float, 1)
X(f64, double, 1)
X(i64, int64_t, 0)
#undef X

/* Of a long row the extreme comes first, and then where it is. */
static void rows_to_index(const void *context, size_t from, size_t to) {
  const struct reduction *of = context;
  struct reduction row = *of;
  union {
    float f32;
    double f64;
    int64_t i64;
  } extreme;
  row.kind = extreme_of(of->kind), row.outer = 1, row.y = (char *)&extreme;
  for (size_t r = from; r < to; r++) {
    row.x = of->x + r * of->count * of->bytes;
    reduce(&row);
    int32_t *index = (int32_t *)of->y + r;
    switch (of->type) {
      case GRADUS_ELEMENT_FLOAT32: *index = first_f32((const float *)row.x, extreme.f32, of->count); break;
      case GRADUS_ELEMENT_FLOAT64: *index = first_f64((const double *)row.x, extreme.f64, of->count); break;
      default: *index = first_i64((const int64_t *)row.x, extreme.i64, of->count); break;
    }
  }
}

static void reduce_to_index(const struct reduction *of) {
  each_column(of, of->inner == 1 && of->count >= PARTIALS ? rows_to_index : columns_to_index);
}

/* ---- running sums and products ---- */

#define SCAN_COLUMNS 64

/* y[i·stride + j] ← the result of x[0·stride + j] to x[i·stride + j], for each column j; `one` column, if that is
 * frequent, by code of its own. */
#define X(name, type, wide, start, step, one, how)                                                                 \
  INLINE void name##_of(type *restrict to, const type *restrict from, size_t stride, size_t rows, size_t columns) { \
    wide result[SCAN_COLUMNS];                                                                                     \
    for (size_t j = 0; j < columns; j++) result[j] = start;                                                        \
    for (size_t i = 0; i < rows; i++)                                                                              \
      how for (size_t j = 0; j < columns; j++) {                                                                   \
        const wide a = result[j], x = (wide)from[i * stride + j];                                                  \
        result[j] = step;                                                                                          \
        to[i * stride + j] = (type)result[j];                                                                      \
      }                                                                                                            \
  }                                                                                                                \
  static void name(void *to, const void *from, size_t stride, size_t rows, size_t columns) {                       \
    if (one && columns == 1) name##_of(to, from, stride, rows, 1);                                                 \
    else name##_of(to, from, stride, rows, columns);                                                               \
  }
X(cumsum_f32, float, double, 0, a + x, 1, )
X(cumsum_f64, double, double, 0, a + x, 1, )
X(cumsum_i64, int64_t, uint64_t, 0, a + x, 1, )
X(cumprod_f32, float, double, 1, a * x, 0, REST)
X(cumprod_f64, double, double, 1, a * x, 0, REST)
X(cumprod_i64, int64_t, uint64_t, 1, a * x, 0, REST)
#undef X

typedef void scan_down(void *y, const void *x, size_t stride, size_t rows, size_t columns);

static scan_down *scan_of(int32_t kind, int32_t type) {
  int is_sum = kind == GRADUS_REDUCTION_SUM;
  switch (type) {
    case GRADUS_ELEMENT_FLOAT32: return is_sum ? cumsum_f32 : cumprod_f32;
    case GRADUS_ELEMENT_FLOAT64: return is_sum ? cumsum_f64 : cumprod_f64;
    default: return is_sum ? cumsum_i64 : cumprod_i64;
  }
}

static void scan_columns(const void *context, size_t from, size_t to) {
  const struct reduction *of = context;
  scan_down *down = scan_of(of->kind, of->type);
  for (size_t next; from < to; from = next) {
    size_t o = from / of->inner, j = from % of->inner, at = (o * of->count * of->inner + j) * of->bytes;
    next = size_min(size_min(to, from + SCAN_COLUMNS), (o + 1) * of->inner);
    down(of->y + at, of->x + at, of->inner, of->count, next - from);
  }
}
