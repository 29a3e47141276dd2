/* gemm.c: c ← start + a·b, blocked for the registers and the cache.
 *
 * Every element of c is one chain of fma over k = 0, 1, 2, …, whatever the tile or the block: blocks over k continue
 * from the c that the block before has left. So all levels, and all ways to cut m, n or k into pieces, give the same
 * bits.
 * Loop order: block of k, group of panels of columns, rows that share it, panel, tile of rows (after K. Goto, R. van de
 * Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34, 2008, with the rows of a read in place:
 * packing them as well gained nothing). */

#define BLOCK_K 512                        /* rows of a packed panel: 64 KiB of 32 columns, a stream for each tile */
#define PANEL (TILE_VECTORS * LANES)       /* columns of a panel */
#define BLOCK_K_STRIDED 32                 /* where a is read down its columns: few at a time, each a stream */
#define BLOCK_K_IN_PLACE 2048              /* where b is not packed: long streams of a, b in the second cache */
#define PACKED (256 * 1024 / sizeof(real)) /* numbers of b packed together: a part of the second cache */
#define GROUP_MAX 64                       /* and how many panels at most */
#define GROUP_ROWS (4 * TILE_ROWS)         /* rows of c that get all panels of a group before the next rows do */

#ifndef GEMM_SHARED
#define GEMM_SHARED

#define LEAST_PRODUCTS ((size_t)1 << 19) /* multiplications that are worth a thread: some microseconds */
#endif

/* c (rows, vectors·LANES) ← start + Σ_p a[i,p]·b[p,·]; a[i,p] = a[i·ar + p·ac], row p of b at b + p·br. rows and
 * vectors are constants where this is inlined, so acc lives in registers. */
INLINE void K(tile)(real *c, size_t cr, const real *a, size_t ar, size_t ac, const real *b, size_t br, size_t k,
                    enum gemm_start start, const real *bias, int rows, int vectors) {
  K(vector) acc[TILE_ROWS][TILE_VECTORS];
  UNROLL for (int i = 0; i < rows; i++) {
    UNROLL for (int j = 0; j < vectors; j++) {
      acc[i][j] = start == START_C      ? K(load)(c + (size_t)i * cr + (size_t)j * LANES)
                  : start == START_BIAS ? K(splat)(bias[i])
                                        : K(splat)(0);
    }
  }
  /* What the next tile starts from is fetched while this one is computed. */
  if (rows == TILE_ROWS && start == START_C && k >= 128) {
    UNROLL for (int i = 0; i < rows; i++) {
      UNROLL for (int j = 0; j < vectors; j++) __builtin_prefetch(c + (size_t)(i + rows) * cr + (size_t)j * LANES, 1);
    }
  }
  /* Three rows from each of these pointers: addresses a, a + ar, a + 2·ar need no further registers. */
  const real *group[(TILE_ROWS + 2) / 3];
  UNROLL for (int i = 0; i < rows; i += 3) group[i / 3] = a + (size_t)i * ar;
  ALIGNED for (size_t p = 0; p < k; p++) {
    K(vector) row[TILE_VECTORS];
    UNROLL for (int j = 0; j < vectors; j++) row[j] = K(load)(b + p * br + (size_t)j * LANES);
    UNROLL for (int i = 0; i < rows; i++) {
      K(vector) x = K(splat)(group[i / 3][(size_t)(i % 3) * ar + p * ac]);
      UNROLL for (int j = 0; j < vectors; j++) acc[i][j] = K(vector_fma)(x, row[j], acc[i][j]);
    }
  }
  UNROLL for (int i = 0; i < rows; i++) {
    UNROLL for (int j = 0; j < vectors; j++) K(store)(c + (size_t)i * cr + (size_t)j * LANES, acc[i][j]);
  }
}

/* The rows of one panel, in tiles of TILE_ROWS and then of the largest smaller sizes that fit. */
#define ROWS_OF(r)                                                                                      \
  for (; TILE_ROWS >= (r) && i + (r) <= m; i += (r))                                                    \
    K(tile)(c + i * cr, cr, a + i * ar, ar, ac, b, br, k, start, bias ? bias + i : NULL, r, vectors);
INLINE void K(panel)(real *c, size_t cr, const real *a, size_t ar, size_t ac, const real *b, size_t br, size_t m,
                     size_t k, enum gemm_start start, const real *bias, int vectors) {
  size_t i = 0;
  ROWS_OF(TILE_ROWS)
  ROWS_OF(8)
  ROWS_OF(4)
  ROWS_OF(2)
  ROWS_OF(1)
}
#undef ROWS_OF

OUT_OF_LINE void K(panel_full)(real *c, size_t cr, const real *a, size_t ar, size_t ac, const real *b, size_t br,
                               size_t m, size_t k, enum gemm_start start, const real *bias) {
  K(panel)(c, cr, a, ar, ac, b, br, m, k, start, bias, TILE_VECTORS);
}

OUT_OF_LINE void K(panel_narrow)(real *c, size_t cr, const real *a, size_t ar, size_t ac, const real *b, size_t br,
                                 size_t m, size_t k, enum gemm_start start, const real *bias) {
  K(panel)(c, cr, a, ar, ac, b, br, m, k, start, bias, 1);
}

/* The function for panels of so many vectors, 1 or TILE_VECTORS. */
#define PANEL_OF(vectors) ((vectors) == TILE_VECTORS || TILE_VECTORS == 1 ? K(panel_full) : K(panel_narrow))

/* packed (k, width) ← the columns 0 .. n-1 of b, filled with zeros up to width. */
OUT_OF_LINE void K(pack)(real *restrict packed, size_t width, const real *restrict b, size_t br, size_t bc, size_t k,
                         size_t n) {
  if (bc == 1 && n == PANEL) {
    for (size_t p = 0; p < k; p++)
      for (size_t j = 0; j < PANEL; j += LANES) K(store)(packed + p * PANEL + j, K(load)(b + p * br + j));
    return;
  }
  if (bc == 1) {
    for (size_t p = 0; p < k; p++) {
      memcpy(packed + p * width, b + p * br, n * sizeof(real));
      memset(packed + p * width + n, 0, (width - n) * sizeof(real));
    }
    return;
  }
  if (br == 1)
    K(turn)(packed, width, b, bc, n, k);
  else
    for (size_t j = 0; j < n; j++)
      for (size_t p = 0; p < k; p++) packed[p * width + j] = b[p * br + j * bc];
  for (size_t j = n; j < width; j++)
    for (size_t p = 0; p < k; p++) packed[p * width + j] = 0;
}

/* A panel whose last columns lie outside of c: computed in a copy of its own, of which c gets its part. */
OUT_OF_LINE void K(panel_edge)(real *c, size_t cr, const real *a, size_t ar, size_t ac, const real *b, size_t m,
                               size_t n, size_t k, enum gemm_start start, const real *bias, int vectors) {
  size_t width = (size_t)vectors * LANES;
  real copy[TILE_ROWS * PANEL];
  for (size_t i = 0; i < m; i += TILE_ROWS) {
    size_t rows = size_min(TILE_ROWS, m - i);
    if (start == START_C) {
      memset(copy, 0, sizeof copy);
      for (size_t r = 0; r < rows; r++) memcpy(copy + r * width, c + (i + r) * cr, n * sizeof(real));
    }
    PANEL_OF(vectors)(copy, width, a + i * ar, ar, ac, b, width, rows, k, start, bias ? bias + i : NULL);
    for (size_t r = 0; r < rows; r++) memcpy(c + (i + r) * cr, copy + r * width, n * sizeof(real));
  }
}

/* A panel of b, packed or in place, for the columns from `column` on. */
struct K(panel_of_b) {
  const real *from;
  size_t step, column, columns;
  int vectors;
};

/* Whether b is read where it is: its rows are near one another, or few rows of a need it; and all panels are whole. */
static int K(b_is_in_place)(const struct T(product) * of) {
  int panels_are_whole = of->n % PANEL == 0 || of->n % PANEL == LANES;
  return of->bc == 1 && panels_are_whole && (of->br <= 4 * PANEL || of->m <= 2 * TILE_ROWS);
}

/* As many panels as `packed`, which is NULL if b is read in place, has room for are packed together, and some rows of c
 * get the whole group before the next rows do: so a is read once for the group, and c is written along its rows. */
OUT_OF_LINE void K(product_with)(const struct T(product) * of, real *packed) {
  size_t cr = of->cr, ar = of->ar, ac = of->ac, br = of->br, bc = of->bc, m = of->m, n = of->n, k = of->k;
  enum gemm_start start = of->start;
  struct K(panel_of_b) panel[GROUP_MAX];
  size_t block = ac != 1 ? BLOCK_K_STRIDED : packed ? BLOCK_K : BLOCK_K_IN_PLACE, p = 0;
  do {
    size_t depth = size_min(block, k - p), fitting = PACKED / PANEL / size_max(depth, 1);
    size_t group = size_min(GROUP_MAX, size_max(fitting, 1));
    for (size_t j = 0; j < n;) {
      size_t count = 0, first = j;
      for (; count < group && j < n; count++) {
        int vectors = n - j > LANES ? TILE_VECTORS : 1;
        size_t width = (size_t)vectors * LANES, columns = size_min(width, n - j);
        struct K(panel_of_b) next = {of->b + p * br + j * bc, br, j, columns, vectors};
        if (packed) {
          real *to = packed + count * depth * PANEL;
          K(pack)(to, width, next.from, br, bc, depth, columns);
          next.from = to;
          next.step = width;
        }
        panel[count] = next;
        j += columns;
      }
      size_t together = count == 1 ? m : GROUP_ROWS;
      for (size_t i = 0; i < m; i += together) {
        size_t rows = size_min(together, m - i);
        for (size_t q = 0; q < count; q++) {
          struct K(panel_of_b) b = panel[q];
          real *c = of->c + i * cr + b.column;
          const real *a = of->a + i * ar + p * ac, *bias = of->bias ? of->bias + i : NULL;
          if (b.columns < (size_t)b.vectors * LANES)
            K(panel_edge)(c, cr, a, ar, ac, b.from, rows, b.columns, depth, start, bias, b.vectors);
          else
            PANEL_OF(b.vectors)(c, cr, a, ar, ac, b.from, b.step, rows, depth, start, bias);
        }
        if (of->finish && p + depth == k)
          of->finish(of->context, of->row + i, of->column + first, of->row + i + rows, of->column + j);
      }
    }
    start = START_C;
    p += depth;
  } while (p < k);
}

/* Apart, since only who packs needs so much stack, which Windows has touched page by page. */
OUT_OF_LINE void K(product_packing)(const struct T(product) * of) {
  _Alignas(64) real packed[PACKED];
  K(product_with)(of, packed);
}

/* On one thread. */
static void K(product)(const struct T(product) * of) {
  if (K(b_is_in_place)(of)) K(product_with)(of, NULL);
  else K(product_packing)(of);
}

static void K(product_of_rows)(const void *context, size_t from, size_t to) {
  struct T(product) of = *(const struct T(product) *)context;
  of.c += from * of.cr;
  of.a += from * of.ar;
  if (of.bias) of.bias += from;
  of.m = to - from;
  of.row = from;
  K(product)(&of);
}

static void K(product_of_columns)(const void *context, size_t from, size_t to) {
  struct T(product) of = *(const struct T(product) *)context;
  of.c += from;
  of.b += from * of.bc;
  of.n = to - from;
  of.column = from;
  K(product)(&of);
}

/* The product on all threads, cut along the longer side of c: what each packs then is the smaller part. Where the sides
 * are equal it is cut along the rows, so that those of weights stay in the cache of their thread, from their update to
 * the next outputs: cut along the columns, 256×256 layers take half as long again. */
OUT_OF_LINE void K(gemm)(const struct T(product) * of) {
  if (of->m * of->n * of->k < 2 * LEAST_PRODUCTS) K(product)(of);
  else if (of->m >= of->n) parallel(of->m, TILE_ROWS, LEAST_PRODUCTS / (of->n * of->k + 1), K(product_of_rows), of);
  else parallel(of->n, PANEL, LEAST_PRODUCTS / (of->m * of->k + 1), K(product_of_columns), of);
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

#undef BLOCK_K
#undef BLOCK_K_STRIDED
#undef BLOCK_K_IN_PLACE
#undef PACKED
#undef GROUP_MAX
#undef GROUP_ROWS
#undef PANEL
#undef PANEL_OF
