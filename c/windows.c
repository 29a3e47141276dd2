/* windows.c: what the DLL needs of a run-time library. The one that zig would link is 60,000 bytes long and starts up
 * the C library of Windows, of which nothing is used here; so the DLL is linked with these and KERNEL32 alone. */
#include <stddef.h>

/* Of KERNEL32; windows.h is long. */
__declspec(dllimport) int __stdcall GetModuleHandleExW(unsigned long how, const void *address, void **module);

/* Where Windows calls the DLL when a process or thread begins or ends. When it is loaded it is made to stay: Deno
 * closes libraries when a worker ends, whose epoch may still be computed aside, and no moment is safe to wait for
 * threads. */
int __stdcall gradus_dll_entry(void *dll, unsigned long reason, void *reserved) {
  enum { PROCESS_ATTACH = 1, PIN = 1, FROM_ADDRESS = 4 };
  void *module;
  (void)reserved;
  return reason != PROCESS_ATTACH || GetModuleHandleExW(PIN | FROM_ADDRESS, dll, &module);
}

/* This the compiler asks for (and for memset, which is the library's own). Without the attribute it would find that the
 * function is a call to itself. */
__attribute__((no_builtin("memcpy"))) void *memcpy(void *restrict to, const void *restrict from, size_t n) {
  for (size_t i = 0; i < n; i++) ((unsigned char *)to)[i] = ((const unsigned char *)from)[i];
  return to;
}

/* What computes with real numbers wants this to be there. */
int _fltused = 1;

#if defined(__x86_64__)
/* A function whose locals take rax bytes, more than a page, calls this first: Windows lets a stack grow page by page,
 * so each is touched, from the top down. All registers stay as they are. */
__asm__(
    ".globl __chkstk\n"
    "__chkstk:\n"
    "  push %rcx\n"
    "  push %rax\n"
    "  lea 24(%rsp), %rcx\n"
    "  jmp 2f\n"
    "1:\n"
    "  sub $4096, %rcx\n"
    "  sub $4096, %rax\n"
    "  orq $0, (%rcx)\n"
    "2:\n"
    "  cmp $4096, %rax\n"
    "  ja 1b\n"
    "  sub %rax, %rcx\n"
    "  orq $0, (%rcx)\n"
    "  pop %rax\n"
    "  pop %rcx\n"
    "  ret\n");
#elif defined(__aarch64__)
/* The same on arm64: the locals take 16 · x15 bytes, and of the registers only x16 and x17 may change. */
__asm__(
    ".globl __chkstk\n"
    "__chkstk:\n"
    "  lsl x16, x15, #4\n"
    "  mov x17, sp\n"
    "1:\n"
    "  sub x17, x17, #4096\n"
    "  subs x16, x16, #4096\n"
    "  ldr xzr, [x17]\n"
    "  b.gt 1b\n"
    "  ret\n");
#endif
