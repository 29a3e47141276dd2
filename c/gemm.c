/* gemm.c: c ← start + a·b, blocked for the registers and the cache.
 *
 * Every element of c is one chain of fma over k = 0, 1, 2, …, whatever the tile or the block: blocks over k continue
 * from the c that the block before has left. So all levels, and all ways to cut m, n or k into pieces, give the same
 * bits.
 * Loop order: block of k, group of panels of columns, rows that share it, panel, tile of rows (after K. Goto, R. van de
 * Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34, 2008). All threads pack panels of b, then
 * compute rows with them. Rows of a are read where they lie, unless the product is large (is_large) and has the room:
 * then each thread copies those it computes with, in tiles. */

#define PANEL (TILE_VECTORS * LANES)       /* columns of a panel */
#define CUT (PANEL > 16 ? PANEL : 16)      /* columns that nothing divides: `finish` may count on that */
#define CACHE_LINE (64 / sizeof(real))     /* numbers in a line of the cache */
#define BLOCK_K 512                        /* rows of a packed panel: 32 KiB of 16 columns, a stream for each tile */
#define BLOCK_K_FEW 128                    /* where few rows of a share it: more of a row of b is read at a time */
#define BLOCK_K_STRIDED 128                /* where a is read down its columns: few at a time, each a stream */
#define BLOCK_K_IN_PLACE 2048              /* where b is not packed: long streams of a, b in the second cache */
#define PACKED (264 * 1024 / sizeof(real)) /* numbers packed together, of b or of a: a part of the second cache */
#define PACKED_COLUMNS 2048                /* and columns at most */
#define AT_ONCE_K 128                      /* rows and columns of b that are one block of a small product: packed, */
#define AT_ONCE 256                        /* they fit into PACKED */
#define CACHED ((size_t)512 << 10)         /* bytes that stay in the second cache */
#define FETCHED ((size_t)128 << 10)        /* bytes of c from which on it may come from the third, and is fetched */
#define UNCACHED ((size_t)4 << 20)         /* bytes that come from there or from memory */
#define LAST 128                           /* steps of a tile in which c of the next one comes from memory */
#define SMALL __attribute__((minsize))     /* what runs once for some thousand multiplications */

#ifndef GEMM_SHARED
#define GEMM_SHARED

#define LEAST_PRODUCTS ((size_t)1 << 18) /* multiplications that are worth a thread: some microseconds */
#define LEAST_PACKED ((size_t)1 << 14)   /* and numbers that are packed */

/* The one array that is the library's. A large product packs b there, in pieces of some megabytes, since all rows of a
 * are copied for each; who finds it taken (room_is_taken, threads.c) does what products do that are not large. */
static _Alignas(64) unsigned char room[(size_t)2200 << 10];
#endif

/* c (rows, vectors·LANES) ← start + Σ_p a[i,p]·b[p,·]; a[i,p] = a[i·ar + p·ac], row p of b at b + p·br; start is
 * bias[i], or c if bias is NULL. rows and vectors are constants where this is inlined, so acc lives in registers.
 * `next` is NULL or where c of the next tile is, which is fetched: not early, since rows of b may fill the cache. */
INLINE void K(tile)(real *c, size_t cr, const real *a, size_t ar, size_t ac, const real *b, size_t br, size_t k,
                    const real *bias, const real *next, int rows, int vectors) {
  K(vector) acc[TILE_ROWS][TILE_VECTORS];
  UNROLL for (int i = 0; i < rows; i++) {
    UNROLL for (int j = 0; j < vectors; j++)
      acc[i][j] = bias ? K(splat)(bias[i]) : K(load)(c + (size_t)i * cr + (size_t)j * LANES);
  }
  /* Three rows from each of these pointers: addresses a, a + ar, a + 2·ar need no further registers. */
  const real *group[(TILE_ROWS + 2) / 3];
  UNROLL for (int i = 0; i < rows; i += 3) group[i / 3] = a + (size_t)i * ar;
  size_t now = !next ? k : k > LAST ? k - LAST : 0;
  for (;;) {
    k -= now;
    ALIGNED for (; now > 0; now--) {
      K(vector) row[TILE_VECTORS];
      UNROLL for (int j = 0; j < vectors; j++) row[j] = K(load)(b + (size_t)j * LANES);
      UNROLL for (int i = 0; i < rows; i++) {
        K(vector) x = K(splat)(group[i / 3][(size_t)(i % 3) * ar]);
        UNROLL for (int j = 0; j < vectors; j++) acc[i][j] = K(vector_fma)(x, row[j], acc[i][j]);
      }
      UNROLL for (int i = 0; i < rows; i += 3) group[i / 3] += ac;
      b += br;
    }
    if (k == 0) break;
    now = k;
    for (int i = 0; i < rows; i++, next += cr)
      for (size_t j = 0; j < PANEL + CACHE_LINE - 1; j += CACHE_LINE)
        __builtin_prefetch(next + size_min(j, PANEL - 1), 1);
  }
  UNROLL for (int i = 0; i < rows; i++) {
    UNROLL for (int j = 0; j < vectors; j++) K(store)(c + (size_t)i * cr + (size_t)j * LANES, acc[i][j]);
  }
}

/* Rows of c in one panel, with what a tile takes, but for their number; bias is NULL or that of row i at bias + i·bs.
 * After the last tile comes the first one `far` columns on; far = 0: nothing is fetched. */
struct K(part) {
  real *c;
  size_t cr;
  const real *a;
  size_t ar, ac, at; /* at: from one tile to the next */
  const real *b;
  size_t br, k;
  const real *bias;
  size_t bs, far;
};

/* In tiles of TILE_ROWS and then of the largest smaller sizes that fit; but two tiles of 4 take less time than one of 6
 * and one of 2, which has too few sums to keep the units for fma busy. */
#define ROWS_OF(r)                                                                                 \
  for (; TILE_ROWS >= (r) && i + (r) <= ((r) == TILE_ROWS ? full : m); i += (r)) {                  \
    real *c = s->c + i * s->cr;                                                                     \
    const real *next = i + 2 * (r) <= full ? c + (r) * s->cr : s->c + s->far;                       \
    K(tile)(c, s->cr, a, s->ar, s->ac, s->b, s->br, s->k, s->bias ? s->bias + i * s->bs : NULL,     \
            (r) == TILE_ROWS && vectors == TILE_VECTORS && s->far > 0 ? next : NULL, r, vectors);   \
    a += (r) == TILE_ROWS ? s->at : (r) * s->ar;                                                    \
  }
INLINE void K(panel)(const struct K(part) * s, size_t m, int vectors) {
  size_t i = 0, rest = m % TILE_ROWS, full = m - rest;
  const real *a = s->a;
  if (TILE_ROWS == 6 && full > 0 && rest / 2 == 1 && s->at == TILE_ROWS * s->ar) full -= TILE_ROWS;
  ROWS_OF(TILE_ROWS)
  ROWS_OF(8)
  ROWS_OF(4)
  ROWS_OF(2)
  ROWS_OF(1)
}
#undef ROWS_OF

OUT_OF_LINE void K(panel_full)(const struct K(part) * s, size_t m) { K(panel)(s, m, TILE_VECTORS); }

OUT_OF_LINE void K(panel_narrow)(const struct K(part) * s, size_t m) { K(panel)(s, m, 1); }

/* The function for panels of so many columns. */
#define PANEL_OF(columns) ((columns) > LANES || TILE_VECTORS == 1 ? K(panel_full) : K(panel_narrow))

/* What rows of c share: some columns of b, for a block of k, in panels as wide as PANEL but for the last one. */
struct K(group) {
  const struct T(product) *of;
  enum gemm_start start;
  size_t p, depth, column, columns;
  size_t together; /* rows of c that get all panels before the next rows do */
  real *packed;    /* NULL: b is read in place */
};

/* Numbers from one packed panel to the next: no power of 2, since such lines compete for places in the cache. */
INLINE size_t K(panel_step)(size_t depth) { return (depth + 1) * PANEL; }

/* The rows from .. to-1 of a group ← those of b, with zeros up to the width of the last panel. */
static void K(pack)(const void *context, size_t from, size_t to) {
  const struct K(group) *group = context;
  size_t br = group->of->br, bc = group->of->bc, n = group->columns, rows = to - from;
  size_t step = K(panel_step)(group->depth), whole = bc == 1 ? n / PANEL * PANEL : 0;
  const real *b = group->of->b + (group->p + from) * br + group->column * bc;
  real *packed = group->packed + from * PANEL;
  /* Where b lies in rows, they are read one after another; the next ones are fetched. */
  for (size_t p = 0; p < rows; p++)
    for (size_t j = 0; j < whole; j += PANEL) {
      const real *x = b + p * br + j;
      __builtin_prefetch(x + 2 * br);
      for (size_t i = 0; i < PANEL; i += LANES)
        K(store)(packed + j / PANEL * step + p * PANEL + i, K(load)(x + i));
    }
  for (size_t j = whole; j < n; j += PANEL) {
    real *panel = packed + j / PANEL * step;
    size_t columns = size_min(PANEL, n - j);
    if (columns < PANEL) memset(panel, 0, rows * PANEL * sizeof(real));
    if (br == 1)
      K(turn)(panel, PANEL, b + j * bc, bc, columns, rows);
    else
      for (size_t p = 0; p < rows; p++)
        REST for (size_t i = 0; i < columns; i++) panel[p * PANEL + i] = b[p * br + (j + i) * bc];
  }
}

/* A panel whose last columns lie outside of c: computed in a copy of its own, of which c gets its part. */
OUT_OF_LINE void K(panel_edge)(const struct K(part) * of, size_t m, size_t n) {
  real copy[TILE_ROWS * PANEL];
  struct K(part) s = *of;
  s.c = copy;
  s.cr = PANEL;
  s.far = 0;
  for (size_t i = 0; i < m; i += TILE_ROWS) {
    size_t rows = size_min(TILE_ROWS, m - i);
    if (!s.bias) {
      memset(copy, 0, sizeof copy);
      for (size_t r = 0; r < rows; r++) memcpy(copy + r * PANEL, of->c + (i + r) * of->cr, n * sizeof(real));
    }
    PANEL_OF(n)(&s, rows);
    for (size_t r = 0; r < rows; r++) memcpy(of->c + (i + r) * of->cr, copy + r * PANEL, n * sizeof(real));
    s.a += s.at;
    if (s.bias) s.bias += TILE_ROWS * s.bs;
  }
}

/* Rows of a in tiles, one after another: the number (i, p) of one lies at p·TILE_ROWS + i. */
SMALL OUT_OF_LINE void K(copy_tiles)(real *restrict to, const real *restrict a, size_t ar, size_t ac, size_t rows,
                                     size_t depth) {
  /* Where a lies in columns, a part of some is read for all tiles before the next ones are. */
  size_t together = ar == 1 ? 16 : depth;
  for (size_t p = 0; p < depth; p += together)
    for (size_t i = 0; i < rows; i += TILE_ROWS) {
      real *tile = to + i * depth + p * TILE_ROWS;
      const real *from = a + i * ar + p * ac;
      size_t m = size_min(TILE_ROWS, rows - i), k = size_min(together, depth - p);
      if (ar != 1) K(turn)(tile, TILE_ROWS, from, ar, m, k);
      else
        for (size_t q = 0; q < k; q++, tile += TILE_ROWS, from += ac)
          if (m == TILE_ROWS) memcpy(tile, from, TILE_ROWS * sizeof(real));
          else memcpy(tile, from, m * sizeof(real));
    }
}

/* The rows from .. to-1 of c get the panels of a group; copy: NULL, or where those of a are copied. */
SMALL OUT_OF_LINE void K(rows_with)(const void *context, size_t from, size_t to, real *copy) {
  static const real zeros[TILE_ROWS];
  const struct K(group) *group = context;
  const struct T(product) *of = group->of;
  size_t n = group->columns, first = group->column, together = group->together, step = PANEL;
  struct K(part) s = {.cr = of->cr, .ar = of->ar, .ac = of->ac, .br = of->br, .k = group->depth};
  s.at = TILE_ROWS * s.ar;
  if (copy) s.ar = 1, s.ac = TILE_ROWS, s.at = TILE_ROWS * s.k;
  const real *b = of->b + group->p * of->br + first;
  if (group->packed) b = group->packed, s.br = PANEL, step = K(panel_step)(s.k);
  if (group->start == START_ZERO) s.bias = zeros;
  s.bs = group->start == START_BIAS;
  /* c is far: that of the next tile is fetched; where a panel has one tile, of the next panel but one. */
  if (of->m * of->n * sizeof(real) > FETCHED) s.far = together > TILE_ROWS ? PANEL : 2 * PANEL;
  /* Where rows of a are far apart, a part of the next ones is fetched with each panel. */
  size_t share = of->ac == 1 && of->ar > 2048 ? s.k * PANEL / n : 0;
  for (size_t i = from; i < to; i += together) {
    size_t rows = size_min(together, to - i);
    s.c = of->c + i * s.cr + first;
    s.a = of->a + i * of->ar + group->p * of->ac;
    s.b = b;
    if (s.bs) s.bias = of->bias + i;
    const real *ahead = s.a + rows * of->ar;
    if (copy) K(copy_tiles)(copy, s.a, of->ar, of->ac, rows, s.k), s.a = copy;
    for (size_t j = 0; j < n; j += PANEL, s.c += PANEL, s.b += step, ahead += share) {
      size_t columns = size_min(PANEL, n - j);
      for (size_t r = 0; share > 0 && r < rows; r++)
        for (size_t p = 0; p < share; p += CACHE_LINE) __builtin_prefetch(ahead + r * of->ar + p, 0, 2);
      if (columns < PANEL && columns != LANES) K(panel_edge)(&s, rows, columns);
      else PANEL_OF(columns)(&s, rows);
    }
    if (of->finish && group->p + s.k == of->k)
      of->finish(of->context, i, of->column + first, i + rows, of->column + first + n);
  }
}

SMALL static void K(rows)(const void *context, size_t from, size_t to) { K(rows_with)(context, from, to, NULL); }

SMALL static void K(rows_copying)(const void *context, size_t from, size_t to) {
  _Alignas(64) real copy[PACKED];
  K(rows_with)(context, from, to, copy);
}

/* Whether rows of a are worth copying: each number is used often, and a lies in columns, or in rows and takes several
 * megabytes. */
static int K(is_large)(const struct T(product) * of) {
  size_t bytes = of->m * of->k * sizeof(real);
  if (of->m < 8 * TILE_ROWS || of->n < 128) return 0;
  return of->ac == 1 ? of->n >= 512 && bytes > UNCACHED : of->ar == 1 && bytes > CACHED / 2;
}

/* Whether b is read where it is: its rows are near one another, or few rows of a need it; and all panels are whole. */
static int K(b_is_in_place)(const struct T(product) * of) {
  int panels_are_whole = of->n % PANEL == 0 || of->n % PANEL == LANES;
  return of->bc == 1 && panels_are_whole && (of->br <= 4 * PANEL || of->m <= 2 * TILE_ROWS);
}

/* As many panels as `packed`, which is NULL if b is read in place, has room for are packed together, and some rows of c
 * get all of them before the next rows do: so a is read once for the group, and c is written along its rows. `copies`:
 * whether rows of a are copied. */
SMALL OUT_OF_LINE void K(product_with)(const struct T(product) * of, real *packed, size_t numbers, int copies) {
  size_t m = of->m, n = of->n, k = of->k, block = packed ? BLOCK_K : BLOCK_K_IN_PLACE;
  range_task *run = copies ? K(rows_copying) : K(rows);
  if (of->ac != 1 && !copies) block = BLOCK_K_STRIDED;
  else if (packed && m <= 8 * TILE_ROWS) block = BLOCK_K_FEW;
  int is_small = m * n * k < 2 * LEAST_PRODUCTS, c_is_far = m * n * sizeof(real) > CACHED;
  struct K(group) group = {.of = of, .start = of->start, .packed = packed};
  _Static_assert((AT_ONCE_K + 1) * AT_ONCE <= PACKED, "panels at once fit");
  if (is_small && !c_is_far && k <= AT_ONCE_K && n <= AT_ONCE) { /* the loops below would take as long as the product */
    group.depth = k, group.columns = n, group.together = 16 * TILE_ROWS;
    if (packed) K(pack)(&group, 0, k);
    K(rows)(&group, 0, m);
    return;
  }
  do {
    size_t depth = size_min(block, k - group.p);
    size_t most = packed ? size_min(numbers / K(panel_step)(depth) * PANEL / CUT * CUT, PACKED_COLUMNS) : n;
    group.depth = depth;
    /* Where k is small, c takes the time: it is written row by row. */
    group.together = (depth > 64 ? 8 : c_is_far ? 1 : 4) * TILE_ROWS;
    if (copies && depth > 64) group.together = size_min(PACKED / depth / TILE_ROWS, 16) * TILE_ROWS;
    for (group.column = 0; group.column < n; group.column += group.columns) {
      group.columns = size_min(most, n - group.column);
      if (is_small) {
        if (packed) K(pack)(&group, 0, depth);
        K(rows)(&group, 0, m);
      } else {
        if (packed) parallel(depth, QUAD, LEAST_PACKED / group.columns, K(pack), &group);
        parallel(m, TILE_ROWS, LEAST_PRODUCTS / (group.columns * depth + 1), run, &group);
      }
    }
    group.start = START_C;
    group.p += depth;
  } while (group.p < k);
}

/* Apart, since only who packs needs so much stack, which Windows has touched page by page. */
OUT_OF_LINE void K(product_packing)(const struct T(product) * of) {
  _Alignas(64) real packed[PACKED];
  K(product_with)(of, packed, PACKED, 0);
}

/* The threads share rows of c. */
SMALL OUT_OF_LINE void K(product)(const struct T(product) * of, int is_large) {
  if (is_large && !__atomic_exchange_n(&room_is_taken, 1, __ATOMIC_ACQUIRE)) {
    K(product_with)(of, (real *)(void *)room, sizeof room / sizeof(real), 1);
    __atomic_store_n(&room_is_taken, 0, __ATOMIC_RELEASE);
  } else if (K(b_is_in_place)(of)) {
    K(product_with)(of, NULL, 0, 0);
  } else {
    K(product_packing)(of);
  }
}

SMALL static void K(product_of_columns)(const void *context, size_t from, size_t to) {
  struct T(product) of = *(const struct T(product) *)context;
  of.c += from;
  of.b += from * of.bc;
  of.n = to - from;
  of.column = from;
  K(product)(&of, 0);
}

/* The product on all threads, which share the rows of c or, where those are longer, its columns. Where the sides are
 * equal they share the rows, so that those of weights stay in the cache of their thread, from their update to the next
 * outputs: cut along the columns, 256×256 layers take half as long again. */
OUT_OF_LINE void K(gemm)(const struct T(product) * of) {
  int is_large = K(is_large)(of);
  if (of->m >= of->n || is_large || of->m * of->n * of->k < 2 * LEAST_PRODUCTS) K(product)(of, is_large);
  else parallel(of->n, CUT, LEAST_PRODUCTS / (of->m * of->k + 1), K(product_of_columns), of);
}

LOCAL void K(gemm_entry)(void *c, const void *a, const void *b, const int32_t *sizes, const int32_t *strides) {
  K(gemm)(&(struct T(product)){
      .c = c, .cr = (size_t)strides[4],
      .a = a, .ar = (size_t)strides[0], .ac = (size_t)strides[1],
      .b = b, .br = (size_t)strides[2], .bc = (size_t)strides[3],
      .m = (size_t)sizes[0], .n = (size_t)sizes[1], .k = (size_t)sizes[2],
      .start = START_C,
  });
}

#undef PANEL
#undef PANEL_OF
#undef CUT
#undef CACHE_LINE
#undef BLOCK_K
#undef BLOCK_K_FEW
#undef BLOCK_K_STRIDED
#undef BLOCK_K_IN_PLACE
#undef PACKED
#undef PACKED_COLUMNS
#undef AT_ONCE_K
#undef AT_ONCE
#undef CACHED
#undef FETCHED
#undef UNCACHED
#undef LAST
#undef SMALL
