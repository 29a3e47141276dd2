/* gather and scatter against memcpy and plain sums; sort against the definition of an order that is stable. */

static void gather_takes_blocks(void) {
  static const int32_t bytes[] = {1, 2, 3, 4, 8}, blocks[] = {0, 1, 2, 17}, counts[] = {0, 1, 5, 100};
  unsigned char x[8 * 64];
  int32_t index[100];
  for (size_t i = 0; i < sizeof x; i++) x[i] = (unsigned char)(i * 37);
  for (int32_t i = 0; i < 100; i++) index[i] = i * 29 % 40;
  for (int b = 0; b < 5; b++)
    for (int l = 0; l < 4; l++)
      for (int c = 0; c < 4; c++) {
        const size_t size = (size_t)bytes[b], block = (size_t)blocks[l], count = (size_t)counts[c],
                     all = size * block * count;
        unsigned char *y = guarded_new(all);
        const int32_t plan[] = {bytes[b], counts[c], blocks[l]};
        CHECK(gradus_tensor_gather(y, x, index, plan) == GRADUS_OK, "gather of %zu elements of %zu bytes", block, size);
        for (size_t i = 0; i < count; i++)
          CHECK(memcmp(y + i * size * block, x + (size_t)index[i] * size, size * block) == 0, "block %zu of %zu", i,
                count);
        CHECK(guards_hold(y, all), "gather wrote beside its output");
        guarded_free(y);
      }
}

/* Blocks that repeat and overlap, in the order of the index. */
static void scatter_puts_and_adds_in_order(void) {
  static const int32_t index[] = {3, 0, 3, 4, 20, 3, 4}, types[] = {0, 1, 4, 5, 6, 7, 8, 9, 10}, blocks[] = {1, 5, 17};
  enum { COUNT = 7, ELEMENTS_OF_Y = 40 };
  for (size_t t = 0; t < sizeof types / sizeof *types; t++)
    for (int add = 0; add < 2; add++)
      for (int l = 0; l < 3; l++) {
        const int32_t type = types[t], plan[] = {type, COUNT, blocks[l], add};
        const size_t bytes = element_bytes(type), block = (size_t)blocks[l];
        unsigned char x[COUNT * 17 * 8], *y = guarded_new(ELEMENTS_OF_Y * bytes);
        for (size_t i = 0; i < sizeof x; i++) x[i] = (unsigned char)(i * 91 + 5);
        uint64_t want[ELEMENTS_OF_Y];
        float real_want[ELEMENTS_OF_Y];
        if (type <= GRADUS_ELEMENT_FLOAT64) tensor_fill(x, type, COUNT * block, FILL_RANDOM);
        memset(y, 0, ELEMENTS_OF_Y * bytes);
        memset(want, 0, sizeof want), memset(real_want, 0, sizeof real_want);
        for (size_t i = 0; i < COUNT; i++)
          for (size_t j = 0; j < block; j++) {
            uint64_t element = 0;
            const size_t to = (size_t)index[i] + j;
            memcpy(&element, x + (i * block + j) * bytes, bytes);
            want[to] = (add && type > GRADUS_ELEMENT_FLOAT64 ? want[to] : 0) + element;
            if (type == GRADUS_ELEMENT_FLOAT32)
              real_want[to] = (add ? real_want[to] : 0) + ((const float *)(const void *)x)[i * block + j];
          }
        CHECK(gradus_tensor_scatter(y, x, index, plan) == GRADUS_OK, "scatter of type %d", type);
        for (size_t i = 0; i < ELEMENTS_OF_Y; i++) {
          const int is_there = type == GRADUS_ELEMENT_FLOAT32 ? memcmp(y + i * bytes, &real_want[i], bytes) == 0
                               : type == GRADUS_ELEMENT_FLOAT64 && add ? 1
                                                                       : memcmp(y + i * bytes, &want[i], bytes) == 0;
          CHECK(is_there, "element %zu after a scatter of type %d, add %d, block %zu", i, type, add, block);
        }
        CHECK(guards_hold(y, ELEMENTS_OF_Y * bytes), "scatter wrote beside its output");
        guarded_free(y);
      }
  double sum[2] = {0.25, 1};
  CHECK(gradus_tensor_scatter(sum, (const double[]){0.5, 2, 4}, (const int32_t[]){1, 0, 1},
                              (const int32_t[]){GRADUS_ELEMENT_FLOAT64, 3, 1, 1}) == GRADUS_OK &&
            sum[0] == 2.25 && sum[1] == 5.5,
        "doubles are added");
}

/* Whether a is before b: NaN is the largest. */
static int comes_before(long double a, long double b, int is_descending) {
  if (is_descending) return comes_before(b, a, 0);
  return a < b || (a == a && b != b);
}

static void sort_is_an_order_and_stable(void) {
  static const int32_t sizes[] = {0, 1, 2, 15, 16, 17, 31, 32, 33, 100, 1000, 5000};
  enum { ROWS = 2, OFFSET = 3 };
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
    for (int t = 0; t < TENSOR_TYPES; t++)
      for (int fill = 0; fill < TENSOR_FILLS; fill++)
        for (int32_t descending = 0; descending < 2; descending++) {
          const int32_t type = tensor_types[t], n = sizes[s], plan[] = {type, ROWS, n, OFFSET, descending};
          const size_t count = (size_t)n, bytes = 24 * count + 8;
          void *x = malloc((OFFSET + ROWS * count) * element_bytes(type));
          char *scratch = guarded_new(bytes + 1);
          int32_t *index = guarded_new(ROWS * count * sizeof *index);
          unsigned char *seen = malloc(count + 1);
          tensor_fill(x, type, OFFSET + ROWS * count, (enum tensor_fill)fill);
          CHECK(gradus_tensor_sort(index, x, scratch + 1, plan) == GRADUS_OK, "sort");
          for (size_t r = 0; r < ROWS; r++) {
            const int32_t *order = index + r * count;
            memset(seen, 0, count);
            for (size_t i = 0; i < count; i++) {
              const int is_column = order[i] >= 0 && order[i] < n && !seen[order[i]];
              CHECK(is_column, "sort of %d: place %zu has %d", n, i, order[i]);
              if (!is_column) break;
              seen[order[i]] = 1;
              if (i == 0) continue;
              const size_t at = OFFSET + r * count;
              const long double a = tensor_get(x, type, at + (size_t)order[i - 1]),
                                b = tensor_get(x, type, at + (size_t)order[i]);
              CHECK(comes_before(a, b, descending) || (!comes_before(b, a, descending) && order[i - 1] < order[i]),
                    "sort of %d of type %d: %Lg, number %d, before %Lg, number %d", n, type, a, order[i - 1], b,
                    order[i]);
            }
          }
          CHECK(guards_hold(index, ROWS * count * sizeof *index) && guards_hold(scratch, bytes + 1),
                "sort wrote beside its arrays");
          free(x), free(seen), guarded_free(scratch), guarded_free(index);
        }
}

static void sort_knows_the_extremes(void) {
  const int64_t whole[] = {0, INT64_MAX, -1, INT64_MIN, 1};
  const double real[] = {NAN, 0.0, INFINITY, -0.0, -NAN, -INFINITY, 0x1p-1074, -0x1p-1074};
  static const int32_t want_whole[] = {3, 2, 0, 4, 1}, want_real[] = {5, 7, 1, 3, 6, 2, 0, 4},
                       want_down[] = {0, 4, 2, 6, 1, 3, 7, 5};
  int32_t index[8];
  double scratch[3 * 8 + 1];
  CHECK(gradus_tensor_sort(index, whole, scratch, (const int32_t[]){GRADUS_ELEMENT_INT64, 1, 5, 0, 0}) == GRADUS_OK,
        "integers");
  CHECK(memcmp(index, want_whole, sizeof want_whole) == 0, "the order of integers");
  CHECK(gradus_tensor_sort(index, real, scratch, (const int32_t[]){GRADUS_ELEMENT_FLOAT64, 1, 8, 0, 0}) == GRADUS_OK,
        "doubles");
  CHECK(memcmp(index, want_real, sizeof want_real) == 0, "the order of doubles");
  CHECK(gradus_tensor_sort(index, real, scratch, (const int32_t[]){GRADUS_ELEMENT_FLOAT64, 1, 8, 0, 1}) == GRADUS_OK,
        "descending");
  CHECK(memcmp(index, want_down, sizeof want_down) == 0, "the order of doubles, descending");
}

static void index_functions_refuse_bad_plans(void) {
  const double x[4] = {1, 2, 3, 4};
  const int32_t index[2] = {0, 1}, below[2] = {0, -1}, gather[] = {8, 2, 1}, scatter[] = {1, 2, 1, 0},
                sort[] = {1, 1, 2, 0, 0};
  double scratch[8];
  void *y = guarded_new(32);
  CHECK(gradus_tensor_gather(y, x, below, gather) == GRADUS_ARGUMENT, "an index below 0");
  CHECK(gradus_tensor_gather(y, NULL, index, gather) == GRADUS_ARGUMENT, "no input");
  CHECK(gradus_tensor_gather(y, x, index, (const int32_t[]){0, 2, 1}) == GRADUS_ARGUMENT, "elements of no bytes");
  CHECK(gradus_tensor_gather(y, x, index, (const int32_t[]){8, -2, 1}) == GRADUS_ARGUMENT, "fewer than no blocks");
  CHECK(gradus_tensor_gather(y, x, index, (const int32_t[]){8, 65536, 32768}) == GRADUS_ARGUMENT, "too many elements");
  CHECK(gradus_tensor_scatter(y, x, below, scatter) == GRADUS_ARGUMENT, "an index below 0");
  CHECK(gradus_tensor_scatter(y, x, NULL, scatter) == GRADUS_ARGUMENT, "no index");
  CHECK(gradus_tensor_scatter(y, x, index, (const int32_t[]){12, 2, 1, 0}) == GRADUS_ARGUMENT, "no such type");
  CHECK(gradus_tensor_scatter(y, x, index, (const int32_t[]){1, 2, 1, 2}) == GRADUS_ARGUMENT,
        "neither putting nor adding");
  CHECK(gradus_tensor_scatter(y, x, index, (const int32_t[]){GRADUS_ELEMENT_FLOAT16, 2, 1, 1}) == GRADUS_ARGUMENT,
        "adding float16");
  CHECK(gradus_tensor_scatter(y, x, index, (const int32_t[]){GRADUS_ELEMENT_BOOL, 2, 1, 1}) == GRADUS_ARGUMENT,
        "adding bool");
  CHECK(gradus_tensor_sort(y, x, NULL, sort) == GRADUS_ARGUMENT, "no scratch");
  CHECK(gradus_tensor_sort(y, x, scratch, (const int32_t[]){5, 1, 2, 0, 0}) == GRADUS_ARGUMENT, "int32");
  CHECK(gradus_tensor_sort(y, x, scratch, (const int32_t[]){1, 1, 2, 0, 2}) == GRADUS_ARGUMENT, "neither up nor down");
  CHECK(gradus_tensor_sort(y, x, scratch, (const int32_t[]){1, 1, -2, 0, 0}) == GRADUS_ARGUMENT,
        "fewer than no columns");
  CHECK(is_untouched(y, 32), "something was written");
  guarded_free(y);
}
