/* memset writes what it shall, and nothing else. */

static void memory_test(void) {
  unsigned char bytes[64];
  for (size_t from = 0; from < 4; from++)
    for (size_t n = 0; n <= 50; n++) {
      for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = 1;
      void *to = (memset)(bytes + from, 0x1ff, n);
      CHECK(to == bytes + from, "memset returns where it has written");
      for (size_t i = 0; i < sizeof bytes; i++) {
        int want = i >= from && i < from + n ? 0xff : 1;
        CHECK(bytes[i] == want, "memset of %zu from %zu on: byte %zu is %d", n, from, i, bytes[i]);
      }
    }
}
