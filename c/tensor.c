/* tensor.c: elementwise functions of tensors. The elements of y, in row-major order, go through the operations of a
 * plan in strips. An input whose strip lies in memory as it is needed is read there; of any other a copy is made, by a
 * cursor that walks along its axes, and converted (element.c). The operations are those of a level (strips.c) or of
 * integers.c. */
#include "base.h"
#include "ops.h"
#include "element.c"

#define AXES_MAX 16
#define INPUTS_MAX 4
#define VIEWS_MAX (1 + INPUTS_MAX)
#define REGISTERS_MAX 32
#define STRIP_BYTES (STRIP_MAX * sizeof(double))
#define UNIFORM_OPERAND 0x80000000u

/* ---- shapes and views ---- */

/* How a view lies in its array, in the order of the elements: one after the other, the same one everywhere, or
 * otherwise. */
enum layout { CONTIGUOUS, NUMBER, STRIDED };

struct view {
  char *array; /* of an input it is only read */
  int64_t offset;
  int64_t stride[AXES_MAX];
  size_t bytes; /* of an element */
  int32_t type;
  enum layout layout;
};

/* A shape and the views of it. Axes count from the innermost; axes along which all views go on as along the one within
 * are one. */
struct space {
  size_t count;
  uint32_t axes;
  uint32_t views;
  int64_t size[AXES_MAX];
  struct view view[VIEWS_MAX];
};

/* Takes in an axis, outside of those that are there. */
static void space_add_axis(struct space *s, int64_t size, const int64_t *stride) {
  if (size == 1) return;
  int one = s->axes > 0;
  for (uint32_t v = 0; one && v < s->views; v++)
    one = stride[v] == s->view[v].stride[s->axes - 1] * s->size[s->axes - 1];
  if (one) {
    s->size[s->axes - 1] *= size;
    return;
  }
  for (uint32_t v = 0; v < s->views; v++) s->view[v].stride[s->axes] = stride[v];
  s->size[s->axes++] = size;
}

static enum layout layout_of(const struct space *s, const struct view *view) {
  int is_number = 1, is_contiguous = 1;
  int64_t next = 1;
  for (uint32_t k = 0; k < s->axes; k++) {
    is_number &= view->stride[k] == 0;
    is_contiguous &= view->stride[k] == next;
    next *= s->size[k];
  }
  return is_contiguous ? CONTIGUOUS : is_number ? NUMBER : STRIDED;
}

/* Reads a shape and behind it, for each view, {offset, stride[axes]}, after `before` words of something else. The
 * arrays, types and sizes of elements are there. Refuses more than 2^31 − 1 elements, a view that starts before its
 * array does, and a first view, which is written, that has an element twice. */
static int space_read(struct space *s, uint32_t axes, const int32_t *shape, uint32_t before) {
  uint64_t count = 1;
  for (uint32_t k = 0; k < axes; k++) {
    if (shape[k] < 0) return 0;
    count = count <= INT32_MAX ? count * (uint64_t)shape[k] : shape[k] == 0 ? 0 : count;
  }
  if (count > INT32_MAX) return 0;
  s->count = (size_t)count;
  s->axes = 0;
  if (count == 0) return 1;
  const size_t words = before + 1 + axes;
  const int32_t *first = shape + axes + before;
  int64_t lowest[VIEWS_MAX], stride[VIEWS_MAX];
  for (uint32_t v = 0; v < s->views; v++) lowest[v] = s->view[v].offset = first[v * words];
  for (uint32_t k = axes; k-- > 0;) {
    for (uint32_t v = 0; v < s->views; v++) {
      stride[v] = first[v * words + 1 + k];
      if (stride[v] < 0) lowest[v] += stride[v] * (shape[k] - 1);
    }
    if (shape[k] > 1 && stride[0] == 0) return 0;
    space_add_axis(s, shape[k], stride);
  }
  for (uint32_t v = 0; v < s->views; v++) {
    if (lowest[v] < 0) return 0;
    s->view[v].layout = layout_of(s, &s->view[v]);
  }
  return 1;
}

/* Elements of a tile along each side, a strip in all; tiles of a block along each side; and how many elements there are
 * where tiles are worth it. */
#define TILE 16
#define BLOCK_LENGTH 16
#define BLOCK_WIDTH 4
#define LEAST_TILED ((size_t)1 << 14)

/* Axis k becomes two: of every n-th element, and within, as axis `place`, of n. Unless it is no multiple of that. */
static int space_split(struct space *s, uint32_t k, int64_t n, uint32_t place) {
  if (s->axes == AXES_MAX || s->size[k] % n != 0) return 0;
  for (uint32_t i = s->axes++; i > place; i--) {
    s->size[i] = s->size[i - 1];
    for (uint32_t v = 0; v < s->views; v++) s->view[v].stride[i] = s->view[v].stride[i - 1];
  }
  s->size[place] = n, s->size[k + 1] /= n;
  for (uint32_t v = 0; v < s->views; v++) {
    int64_t *stride = s->view[v].stride;
    stride[place] = stride[k + 1], stride[k + 1] *= n;
  }
  return 1;
}

/* Where the elements of y follow one another along the innermost axis, and those of another view along axis k, as in a
 * transposed matrix, the space is one of tiles along both, so that the lines of the cache are used as a whole, and of
 * blocks of tiles, for the pages. Sizes that are no multiples of it stay as they are: it is for powers of 2 that caches
 * are worst. */
static void space_tile(struct space *s) {
  uint32_t along = 0;
  for (uint32_t v = 1; v < s->views; v++)
    for (uint32_t k = 1; k < s->axes; k++)
      if (s->view[v].stride[k] == 1 && s->view[v].stride[0] != 0) along = k;
  if (along == 0 || s->count < LEAST_TILED || s->axes + 2 > AXES_MAX || s->view[0].stride[0] != 1) return;
  if (s->size[0] % TILE != 0 || s->size[along] % TILE != 0) return;
  space_split(s, 0, TILE, 0), space_split(s, along + 1, TILE, 1);
  if (space_split(s, 2, BLOCK_LENGTH, 2)) space_split(s, along + 3, BLOCK_WIDTH, 3);
  for (uint32_t v = 0; v < s->views; v++) s->view[v].layout = layout_of(s, &s->view[v]);
}

/* ---- cursors ---- */

/* An element of a view: its place in the array and along each axis. */
struct cursor {
  int64_t offset;
  int64_t index[AXES_MAX];
};

/* Element number i. */
static void cursor_set(struct cursor *c, const struct space *s, const struct view *view, size_t i) {
  c->offset = view->offset;
  for (uint32_t k = 0; k < s->axes; k++) {
    c->index[k] = (int64_t)(i % (size_t)s->size[k]);
    c->offset += c->index[k] * view->stride[k];
    i /= (size_t)s->size[k];
  }
}

/* Moves by n elements of the innermost axis, or n times along the next one, as far as there are some, and on to what
 * follows. */
static void cursor_move(struct cursor *c, const struct space *s, const struct view *view, uint32_t axis, int64_t n) {
  c->index[axis] += n;
  c->offset += n * view->stride[axis];
  for (uint32_t k = axis; c->index[k] == s->size[k] && k + 1 < s->axes; k++) {
    c->index[k] = 0;
    c->offset += view->stride[k + 1] - s->size[k] * view->stride[k];
    c->index[k + 1]++;
  }
}

/* to[i·to_row + j·to_step] ← from[i·row + j·step] for i < rows, j < n, in elements of a type. The longer loop is the
 * inner one, of a tile that along the lines that are read, since these displace each other; and the same element many
 * times over is a loop of its own. */
#define COPY(type)                                                                                              \
  static void copy_##type(char *to, int64_t to_row, int64_t to_step, const char *from, int64_t row, int64_t step, \
                          int64_t rows, int64_t n) {                                                            \
    const int64_t bytes = sizeof(type);                                                                         \
    if (rows > n || (rows == n && row == 1 && step != 1)) {                                                     \
      copy_##type(to, to_step, to_row, from, step, row, n, rows);                                               \
      return;                                                                                                   \
    }                                                                                                           \
    for (int64_t i = 0; i < rows; i++) {                                                                        \
      char *t = to + (ptrdiff_t)(i * to_row * bytes);                                                           \
      const char *f = from + (ptrdiff_t)(i * row * bytes);                                                      \
      if (step == 0 && to_step == 1) {                                                                          \
        type x;                                                                                                 \
        memcpy(&x, f, sizeof x);                                                                                \
        for (int64_t j = 0; j < n; j++) memcpy(t + (ptrdiff_t)(j * bytes), &x, sizeof x);                       \
        continue;                                                                                               \
      }                                                                                                         \
      for (int64_t j = 0; j < n; j++) {                                                                         \
        memcpy(t, f, sizeof(type));                                                                             \
        t += (ptrdiff_t)(to_step * bytes);                                                                      \
        f += (ptrdiff_t)(step * bytes);                                                                         \
      }                                                                                                         \
    }                                                                                                           \
  }
COPY(uint8_t)
COPY(uint16_t)
COPY(uint32_t)
COPY(uint64_t)
#undef COPY

#define QUAD 4 /* as in vector.h */

typedef uint32_t quad __attribute__((vector_size(QUAD * sizeof(uint32_t)), aligned(1), may_alias));

/* The same of four bytes, for rows that become columns, QUAD of both at a time: to[i·to_row + j] ← from[i + j·step].
 * The tile behind is fetched meanwhile. */
static void turn_rows(char *to, int64_t to_row, const char *from, int64_t step, int64_t rows, int64_t n) {
  const int64_t bytes = sizeof(uint32_t);
  to_row *= bytes, step *= bytes;
  for (int64_t j = 0; j < n; j += QUAD) {
    const char *f = from + (ptrdiff_t)(j * step);
    char *t = to + (ptrdiff_t)(j * bytes);
    for (int64_t k = 0; k < QUAD; k++) __builtin_prefetch(f + (ptrdiff_t)((n + k) * step));
    for (int64_t i = 0; i < rows; i += QUAD) {
      const quad a = *(const quad *)f, b = *(const quad *)(f + step);
      const quad c = *(const quad *)(f + 2 * step), d = *(const quad *)(f + 3 * step);
      const quad ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
      const quad ab2 = __builtin_shufflevector(a, b, 2, 6, 3, 7), cd2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
      *(quad *)t = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
      *(quad *)(t + to_row) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
      *(quad *)(t + 2 * to_row) = __builtin_shufflevector(ab2, cd2, 0, 1, 4, 5);
      *(quad *)(t + 3 * to_row) = __builtin_shufflevector(ab2, cd2, 2, 3, 6, 7);
      f += sizeof(quad), t += QUAD * to_row;
    }
  }
}

/* A line of the cache, anywhere. */
typedef char line __attribute__((vector_size(64), aligned(1), may_alias));

static void copy_rows(size_t bytes, char *to, int64_t to_row, int64_t to_step, const char *from, int64_t row,
                      int64_t step, int64_t rows, int64_t n) {
  const int64_t width = n * (int64_t)bytes;
  if (to_step == 1 && step == 1 && width >= 16) {
    for (int64_t i = 0; i < rows; i++) {
      char *t = to + (ptrdiff_t)(i * to_row * (int64_t)bytes);
      const char *f = from + (ptrdiff_t)(i * row * (int64_t)bytes);
      if (width == sizeof(line)) *(line *)t = *(const line *)f;
      else memcpy(t, f, (size_t)width);
    }
  } else if (bytes == 4 && to_step == 1 && row == 1 && rows % QUAD == 0 && n % QUAD == 0) {
    turn_rows(to, to_row, from, step, rows, n);
  } else if (bytes == 4) copy_uint32_t(to, to_row, to_step, from, row, step, rows, n);
  else if (bytes == 8) copy_uint64_t(to, to_row, to_step, from, row, step, rows, n);
  else if (bytes == 2) copy_uint16_t(to, to_row, to_step, from, row, step, rows, n);
  else copy_uint8_t(to, to_row, to_step, from, row, step, rows, n);
}

/* Between the n elements of a view from a cursor on, which moves on, and a strip of them: from the view, or into it. */
static void cursor_copy(struct cursor *c, const struct space *s, const struct view *view, char *strip, size_t n,
                        int is_store) {
  const int64_t step = view->stride[0], row = s->axes > 1 ? view->stride[1] : 0;
  for (int64_t left = (int64_t)n; left > 0;) {
    char *place = view->array + (ptrdiff_t)(c->offset * (int64_t)view->bytes);
    const int64_t inner = s->size[0];
    int64_t rows = 1, length = inner - c->index[0];
    /* Whole rows go together, as many as there are along the next axis. */
    if (s->axes > 1 && length == inner && 2 * inner <= left) {
      rows = left / inner;
      if (rows > s->size[1] - c->index[1]) rows = s->size[1] - c->index[1];
    } else if (length > left) {
      length = left;
    }
    if (is_store) copy_rows(view->bytes, place, row, step, strip, length, 1, rows, length);
    else copy_rows(view->bytes, strip, length, 1, place, row, step, rows, length);
    strip += rows * length * (int64_t)view->bytes;
    left -= rows * length;
    if (length == inner && c->index[0] == 0 && s->axes > 1) cursor_move(c, s, view, 1, rows);
    else cursor_move(c, s, view, 0, length);
  }
}

/* ---- plans ---- */

/* What gradus_tensor_apply is asked for: c/gradus.h. */
struct apply {
  struct space space; /* y, then the inputs */
  uint32_t inputs;
  uint32_t operations;
  uint32_t registers;
  uint32_t uniforms;
  int32_t compute;
  const uint32_t *operation;
  const char *uniform;
  strip_function *strip;
  strip_function *compare; /* of the last operation if its results are bytes, which y takes as they are; or NULL */
  size_t length;           /* of a strip */
  int is_in_place;         /* whether y is an input, too */
};

/* How many operands an operation takes where that is computed in, 0 if there is no such operation. */
static uint32_t operands_of(uint32_t op, int32_t compute) {
  if (compute != GRADUS_ELEMENT_INT64) {
    if (op > OP_leaf && op < OP_COUNT) return op < OP_add ? 1 : 2;
    if (op > OP_BEFORE_TENSOR && op < OP_bit_not) return op < OP_equal ? 1 : 2;
    return 0;
  }
  switch (op) {
#define X(name, value) case OP_##name:
    GRADUS_INTEGER_UNARY_OPS(X)
    GRADUS_BIT_UNARY_OPS(X)
    return 1;
    GRADUS_INTEGER_BINARY_OPS(X)
    GRADUS_BIT_BINARY_OPS(X)
    return 2;
#undef X
    default: return 0;
  }
}

/* Whether every operation reads what is there by then, and writes a register of its own. */
static int operations_are_valid(const struct apply *a) {
  uint32_t written = ((uint32_t)1 << a->inputs) - 1;
  for (uint32_t i = 0; i < a->operations; i++) {
    const uint32_t *o = a->operation + 3 * i;
    uint32_t to = o[0] >> 8, operands = operands_of(o[0] & 0xff, a->compute);
    if (operands == 0 || to < a->inputs || to >= a->registers) return 0;
    for (uint32_t k = 1; k <= operands; k++) {
      if (o[k] & UNIFORM_OPERAND ? (o[k] & ~UNIFORM_OPERAND) >= a->uniforms : o[k] >= a->registers) return 0;
      if (!(o[k] & UNIFORM_OPERAND) && (o[k] == to || !(written >> o[k] & 1))) return 0;
    }
    written |= (uint32_t)1 << to;
  }
  return 1;
}

/* Reads a plan, of whose views the arrays are given; whether it is one. */
static int apply_read(struct apply *a, void *y, const void *const *x, const int32_t *plan) {
  for (int k = 0; k < 5; k++)
    if (plan[k] < 0) return 0;
  const uint32_t axes = (uint32_t)plan[0];
  a->inputs = (uint32_t)plan[1], a->operations = (uint32_t)plan[2], a->registers = (uint32_t)plan[3];
  a->uniforms = (uint32_t)plan[4], a->compute = plan[5];
  if (axes > AXES_MAX || a->inputs > INPUTS_MAX || a->registers > REGISTERS_MAX || a->registers < a->inputs) return 0;
  if (a->compute != GRADUS_ELEMENT_FLOAT32 && a->compute != GRADUS_ELEMENT_FLOAT64 &&
      a->compute != GRADUS_ELEMENT_INT64)
    return 0;
  if (a->operations == 0 && a->inputs == 0) return 0;

  struct space *s = &a->space;
  s->views = 1 + a->inputs;
  const int32_t *words = plan + 6 + axes;
  for (uint32_t v = 0; v < s->views; v++, words += 2 + axes) {
    struct view *view = &s->view[v];
    if (!element_is_valid(words[0])) return 0;
    view->type = words[0];
    view->bytes = element_size(words[0]);
    view->array = v == 0 ? y : (char *)(uintptr_t)x[v - 1];
  }
  a->operation = (const uint32_t *)words;
  words += 3 * (size_t)a->operations;
  a->uniform = (const char *)(words + ((words - plan) & 1));
  if (!operations_are_valid(a) || !space_read(s, axes, plan + 6, 1)) return 0;
  for (uint32_t v = 0; s->count > 0 && v < s->views; v++)
    if (!s->view[v].array) return 0;
  return 1;
}

/* ---- applying ---- */

/* Whether a view's strips lie in memory as they are computed with. */
static int is_direct(const struct apply *a, const struct view *view) {
  return view->layout == CONTIGUOUS && view->type == a->compute;
}

/* Whether the last operation can give bytes, and y takes them. */
static int gives_bytes(const struct apply *a) {
  const struct view *y = &a->space.view[0];
  if (a->operations == 0 || y->type != GRADUS_ELEMENT_BOOL || y->layout != CONTIGUOUS) return 0;
  switch (a->operation[3 * (a->operations - 1)] & 0xff) {
#define X(name, is) case OP_##name:
    GRADUS_COMPARISON_OPS(X) return 1;
#undef X
    default: return 0;
  }
}

/* Where element i of a contiguous view lies. */
static char *element_at(const struct view *view, size_t i) {
  return view->array + (ptrdiff_t)((view->offset + (int64_t)i) * (int64_t)view->bytes);
}

/* The room that a range of elements is computed in. */
struct room {
  _Alignas(64) char strip[REGISTERS_MAX][STRIP_BYTES]; /* of each register */
  _Alignas(64) char raw[STRIP_BYTES];                  /* elements as they lie in their array */
  double number[INPUTS_MAX];                           /* inputs that are numbers, in the type that is computed in */
  const char *registers[REGISTERS_MAX];                /* where the strip of each register is now */
  struct cursor cursor[VIEWS_MAX];
};

/* The next n elements of a view where they lie in memory one after the other, from element i of the space on; else
 * NULL. */
static const char *strip_in_memory(const struct space *s, const struct view *view, struct cursor *c, size_t i,
                                   size_t n) {
  if (n % 16 != 0) return NULL;
  if (view->layout == CONTIGUOUS) return element_at(view, i);
  if (view->stride[0] != 1 || s->size[0] - c->index[0] < (int64_t)n) return NULL;
  const char *strip = view->array + (ptrdiff_t)(c->offset * (int64_t)view->bytes);
  cursor_move(c, s, view, 0, (int64_t)n);
  return strip;
}

/* Makes a strip of the next n elements of a view, from element i of the space on, in the type that is computed in: in
 * `to`, which is returned, unless it is in memory. What is missing to a multiple of 16 is 0. */
static const char *read_strip(const struct apply *a, struct room *room, uint32_t v, char *to, size_t i, size_t n) {
  const struct view *view = &a->space.view[v];
  const int is_same = view->type == a->compute;
  const size_t padded = round_up(n, 16);
  const char *from = strip_in_memory(&a->space, view, &room->cursor[v], i, n);
  if (from == NULL) {
    char *copy = is_same ? to : room->raw;
    if (view->layout == CONTIGUOUS) memcpy(copy, element_at(view, i), n * view->bytes);
    else cursor_copy(&room->cursor[v], &a->space, view, copy, n, 0);
    memset(copy + n * view->bytes, 0, (padded - n) * view->bytes);
    from = copy;
  }
  if (is_same) return from;
  load_strip(to, a->compute, from, view->type, padded);
  return to;
}

/* Writes n elements of y, from element i on. */
static void write_strip(const struct apply *a, struct room *room, const char *strip, size_t i, size_t n) {
  const struct view *y = &a->space.view[0];
  const char *raw = strip;
  if (y->type != a->compute) {
    const int is_whole = y->layout == CONTIGUOUS && n % 16 == 0;
    char *to = is_whole ? element_at(y, i) : room->raw;
    store_strip(to, y->type, strip, a->compute, round_up(n, 16));
    if (is_whole) return;
    raw = to;
  }
  if (y->layout != CONTIGUOUS) cursor_copy(&room->cursor[0], &a->space, y, (char *)(uintptr_t)raw, n, 1);
  else if (raw != element_at(y, i)) memcpy(element_at(y, i), raw, n * y->bytes);
}

/* y ← an operation, as `run` has it, on strips of n elements, n a multiple of 16. */
static void apply_operation(const struct apply *a, const struct room *room, const uint32_t *o, strip_function *run,
                            char *y, size_t n) {
  const char *operand[2] = {NULL, NULL};
  float number[2];
  uint32_t op = o[0] & 0xff, numbers = 0;
  for (uint32_t k = 0, operands = operands_of(op, a->compute); k < operands; k++) {
    uint32_t from = o[1 + k];
    if (!(from & UNIFORM_OPERAND)) {
      operand[k] = room->registers[from];
      if (from >= a->inputs || a->space.view[1 + from].layout != NUMBER) continue;
    } else {
      operand[k] = a->uniform + (size_t)(from & ~UNIFORM_OPERAND) * sizeof(double);
      if (a->compute == GRADUS_ELEMENT_FLOAT32) {
        double uniform;
        memcpy(&uniform, operand[k], sizeof uniform);
        number[k] = (float)uniform;
        operand[k] = (const char *)&number[k];
      }
    }
    numbers |= k == 0 ? LEFT_NUMBER : RIGHT_NUMBER;
  }
  run(op, y, operand[0], operand[1], numbers, n);
}

/* The room's numbers, of the inputs that are the same everywhere. */
static void read_number(const struct apply *a, struct room *room, uint32_t v) {
  const struct view *view = &a->space.view[v];
  char *padded = room->raw, *number = (char *)&room->number[v - 1];
  memset(padded, 0, 16 * view->bytes);
  memcpy(padded, element_at(view, 0), view->bytes);
  load_strip(room->strip[v - 1], a->compute, padded, view->type, 16);
  memcpy(number, room->strip[v - 1], sizeof(double));
  room->registers[v - 1] = number;
}

/* Computes the elements from .. to-1. */
static void apply_range(const void *context, size_t from, size_t to) {
  const struct apply *a = context;
  const struct space *s = &a->space;
  const struct view *y = &s->view[0];
  struct room room;
  for (uint32_t v = 0; v < s->views; v++) {
    if (s->view[v].layout == STRIDED) cursor_set(&room.cursor[v], s, &s->view[v], from);
    if (s->view[v].layout == NUMBER) read_number(a, &room, v);
  }
  for (size_t n; from < to; from += n) {
    n = size_min(a->length, to - from);
    if (n > 16) n -= n % 16;
    const size_t padded = round_up(n, 16);
    const int is_direct_result = (is_direct(a, y) || a->compare != NULL) && !a->is_in_place && n == padded;
    char *result = is_direct_result ? element_at(y, from) : NULL;
    for (uint32_t j = 0; j < a->inputs; j++) {
      if (s->view[1 + j].layout == NUMBER) continue;
      char *strip = result != NULL && a->operations == 0 && j == 0 ? result : room.strip[j];
      room.registers[j] = read_strip(a, &room, 1 + j, strip, from, n);
    }
    const char *last = room.registers[0];
    for (uint32_t i = 0; i < a->operations; i++) {
      const uint32_t *o = a->operation + 3 * i, register_ = o[0] >> 8;
      const int is_result = result != NULL && i + 1 == a->operations;
      char *strip = is_result ? result : room.strip[register_];
      apply_operation(a, &room, o, is_result && a->compare != NULL ? a->compare : a->strip, strip, padded);
      room.registers[register_] = last = strip;
    }
    if (last != result) write_strip(a, &room, last, from, n);
  }
}

/* About how long an element takes, in quarters of a nanosecond: what is worth a thread. */
static size_t operation_cost(uint32_t op) {
  switch (op) {
    case OP_sin: case OP_cos: case OP_tan: case OP_pow:
    case OP_floor_divide: case OP_remainder: case OP_fmod: return 64;
    case OP_tanh: case OP_sigmoid: case OP_gelu: case OP_silu: case OP_softplus: case OP_exp: case OP_expm1:
    case OP_log: case OP_log1p: case OP_normal_cdf: case OP_normal_pdf: return 8;
    default: return 1;
  }
}

static size_t apply_cost(const struct apply *a) {
  size_t cost = 0;
  for (uint32_t v = 0; v < a->space.views; v++) cost += is_direct(a, &a->space.view[v]) ? 1 : 4;
  for (uint32_t i = 0; i < a->operations; i++) cost += operation_cost(a->operation[3 * i] & 0xff);
  return cost;
}

/* Elements times cost that are worth a thread, and elements that never are. */
#define LEAST_COST ((size_t)1 << 17)
#define LEAST_COUNT 1024

static void apply_plan(struct apply *a, strip_function *strip, strip_function *compare) {
  struct space *s = &a->space;
  space_tile(s);
  a->strip = strip;
  a->compare = gives_bytes(a) ? compare : NULL;
  a->is_in_place = 0;
  /* What is only copied by way of a type that holds it need not be converted there and back. */
  const int32_t type = s->view[0].type, is_integer = type > GRADUS_ELEMENT_BFLOAT16;
  if (a->operations == 0 && type > GRADUS_ELEMENT_FLOAT64 && type == s->view[1].type &&
      is_integer == (a->compute == GRADUS_ELEMENT_INT64))
    a->compute = type;
  int is_long = a->operations <= 1 && (is_direct(a, &s->view[0]) || a->compare != NULL);
  for (uint32_t v = 1; v < s->views; v++) {
    struct view *view = &s->view[v];
    /* Without an operation that could take a number, x0 is spread as it is copied. */
    if (view->layout == NUMBER && a->operations == 0) view->layout = STRIDED;
    a->is_in_place |= view->array == s->view[0].array;
    is_long &= is_direct(a, view) || view->layout == NUMBER;
  }
  a->length = is_long && !a->is_in_place ? SIZE_MAX : STRIP_MAX;
  if (s->count < LEAST_COUNT) apply_range(a, 0, s->count);
  else parallel(s->count, STRIP_MAX, LEAST_COST / apply_cost(a), apply_range, a);
}

/* ---- select ---- */

/* y[i] ← condition[i] ? a[i] : b[i] for i < n. */
#define SELECT(type)                                                                                       \
  static void select_##type(type *restrict y, const uint8_t *restrict condition, const type *restrict a,   \
                            const type *restrict b, size_t n) {                                            \
    for (size_t i = 0; i < n; i++) y[i] = condition[i] ? a[i] : b[i];                                      \
  }
SELECT(uint8_t)
SELECT(uint16_t)
SELECT(uint32_t)
SELECT(uint64_t)
#undef SELECT

static void select_strip(size_t bytes, void *y, const void *condition, const void *a, const void *b, size_t n) {
  if (bytes == 4) select_uint32_t(y, condition, a, b, n);
  else if (bytes == 8) select_uint64_t(y, condition, a, b, n);
  else if (bytes == 2) select_uint16_t(y, condition, a, b, n);
  else select_uint8_t(y, condition, a, b, n);
}

/* What gradus_tensor_select is asked for: the views are those of y, condition, a and b. */
struct choice {
  struct space space;
  size_t length;
  int is_in_place;
};

#define CHOICE_VIEWS 4

/* Reads a plan, of whose views the arrays are given; whether it is one. */
static int choice_read(struct choice *c, void *const *array, const int32_t *plan) {
  struct space *s = &c->space;
  const int32_t axes = plan[0], bytes = plan[1];
  if (axes < 0 || axes > AXES_MAX || (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8)) return 0;
  s->views = CHOICE_VIEWS;
  for (uint32_t v = 0; v < CHOICE_VIEWS; v++) {
    s->view[v].array = array[v];
    s->view[v].bytes = v == 1 ? 1 : (size_t)bytes;
  }
  if (!space_read(s, (uint32_t)axes, plan + 2, 0)) return 0;
  for (uint32_t v = 0; s->count > 0 && v < CHOICE_VIEWS; v++)
    if (!array[v]) return 0;
  return 1;
}

static void choice_range(const void *context, size_t from, size_t to) {
  const struct choice *c = context;
  const struct space *s = &c->space;
  const struct view *y = &s->view[0];
  char room[CHOICE_VIEWS][STRIP_BYTES], *strip[CHOICE_VIEWS];
  struct cursor cursor[CHOICE_VIEWS];
  for (uint32_t v = 0; v < CHOICE_VIEWS; v++) cursor_set(&cursor[v], s, &s->view[v], from);
  for (size_t n; from < to; from += n) {
    n = size_min(c->length, to - from);
    strip[0] = y->layout == CONTIGUOUS && !c->is_in_place ? element_at(y, from) : room[0];
    for (uint32_t v = 1; v < CHOICE_VIEWS; v++) {
      strip[v] = s->view[v].layout == CONTIGUOUS ? element_at(&s->view[v], from) : room[v];
      if (strip[v] == room[v]) cursor_copy(&cursor[v], s, &s->view[v], room[v], n, 0);
    }
    select_strip(y->bytes, strip[0], strip[1], strip[2], strip[3], n);
    if (y->layout != CONTIGUOUS) cursor_copy(&cursor[0], s, y, room[0], n, 1);
    else if (c->is_in_place) memcpy(element_at(y, from), room[0], n * y->bytes);
  }
}

static void choice_plan(struct choice *c) {
  const struct view *view = c->space.view;
  int is_long = 1;
  c->is_in_place = 0;
  for (uint32_t v = 1; v < CHOICE_VIEWS; v++) c->is_in_place |= view[v].array == view[0].array;
  for (uint32_t v = 0; v < CHOICE_VIEWS; v++) is_long &= view[v].layout == CONTIGUOUS;
  c->length = is_long && !c->is_in_place ? SIZE_MAX : STRIP_MAX;
  parallel(c->space.count, STRIP_MAX, LEAST_COST / (is_long ? 4 : 16), choice_range, c);
}
