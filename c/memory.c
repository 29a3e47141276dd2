/* memory.c: memset, for which compilers ask wherever zeros are written. The one of zig's run-time library, which would
 * be linked, writes byte by byte. */
#include "base.h"

/* Without the attribute the compiler would find that the loop is a call to memset; without the brackets it is a macro
 * of macOS. */
__attribute__((no_builtin("memset"))) void *(memset)(void *to, int byte, size_t n) {
  unsigned char *bytes = to;
  for (size_t i = 0; i < n; i++) bytes[i] = (unsigned char)byte;
  return to;
}
