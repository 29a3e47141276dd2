/* memory.c: memset, for which compilers ask wherever zeros are written. The one of zig's run-time library, which would
 * be linked, writes byte by byte. */
#include "base.h"

/* Without the attribute the compiler would find that the first loop is a call to memset; without the brackets it is a
 * macro of macOS. */
__attribute__((no_builtin("memset"))) void *(memset)(void *to, int byte, size_t n) {
  typedef unsigned char block __attribute__((vector_size(16), aligned(1), may_alias));
  unsigned char *bytes = to, value = (unsigned char)byte;
  size_t i = 0;
  for (; i + sizeof(block) <= n; i += sizeof(block)) *(block *)(void *)(bytes + i) = (block){0} + value;
  REST for (; i < n; i++) bytes[i] = value;
  return to;
}
