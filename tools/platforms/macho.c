/* Runs a program of macOS on Linux of the same processor: `macho [library.dylib…] program`. As much of a loader as our
 * tests and examples need: it maps segments, rebases and binds pointers, and gives the program this system's C library
 * in place of libSystem. What macOS itself would check, such as signatures, is left to tools/binaries.ts.
 *
 * Formats: Apple's mach-o/loader.h, mach-o/nlist.h. Only the old opcodes for pointers are read, not chained fixups;
 * initialisers only as pointers; no thread-local variables: zig writes none here, and what is not read is refused. */
#define _GNU_SOURCE
#include <complex.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_SEGMENTS = 16, MAX_INITIALISERS = 4, MAX_IMAGES = 4 };

enum {
  COMMAND_SYMTAB = 0x2,
  COMMAND_SEGMENT = 0x19,
  COMMAND_DYLD_INFO = 0x22,
  COMMAND_MAIN = 0x28,
  COMMAND_CHAINED_FIXUPS = 0x34
};

struct header {
  uint32_t magic, cpu, cpu_kind, file_kind, commands, commands_size, flags, reserved;
};

struct segment {
  uint32_t command, size;
  char name[16];
  uint64_t address, memory_size, offset, file_size;
  uint32_t max_protection, protection, sections, flags;
};

struct section {
  char name[16], segment[16];
  uint64_t address, size;
  uint32_t offset, align, relocations, relocation_count, flags, reserved[3];
};

struct symtab {
  uint32_t command, size, offset, count, names, names_size;
};

struct symbol {
  uint32_t name;
  uint8_t type, section;
  uint16_t description;
  uint64_t address;
};

struct dyld_info {
  uint32_t command, size, rebase, rebase_size, bind, bind_size, weak, weak_size, lazy, lazy_size, exports, exports_size;
};

struct image {
  const char *path;
  const uint8_t *file;
  char *base;   /* where its address `start` lies now */
  uint64_t start;
  const struct segment *segments[MAX_SEGMENTS];
  uint32_t segment_count;
  const struct symtab *symtab;
  const struct dyld_info *info;
  const struct section *initialisers[MAX_INITIALISERS];
  uint32_t initialiser_count;
  uint64_t entry; /* of main, from the base; 0 in a library */
};

static struct image images[MAX_IMAGES];
static int image_count;

static _Noreturn void fail(const struct image *image, const char *what, const char *name) {
  fprintf(stderr, "Cannot load %s: %s %s\n", image->path, what, name);
  exit(126);
}

/* ---------------------------------------------------------------- what programs import */

/* On Apple's arm64 all variable arguments lie on the stack, in 8 bytes each; on Linux they begin in registers. A
 * va_list of Linux that has used up its registers is just that stack. */
#ifdef __aarch64__
struct linux_list {
  void *stack, *general_top, *vector_top;
  int general_offset, vector_offset;
};

static va_list *list_on(va_list *list, void *stack) {
  struct linux_list *raw = (struct linux_list *)list;
  *raw = (struct linux_list){.stack = stack};
  return list;
}

__attribute__((used)) static int printf_on(const char *format, void *stack) {
  va_list list;
  return vprintf(format, *list_on(&list, stack));
}

__attribute__((used)) static int fprintf_on(FILE *file, const char *format, void *stack) {
  va_list list;
  return vfprintf(file, format, *list_on(&list, stack));
}

int apple_printf(const char *format, ...);
int apple_fprintf(FILE *file, const char *format, ...);
__asm__(".text\napple_printf:\n  mov x1, sp\n  b printf_on\napple_fprintf:\n  mov x2, sp\n  b fprintf_on\n");

#else
#define apple_printf printf
#define apple_fprintf fprintf
#endif

static void apple_bzero(void *memory, size_t bytes) { memset(memory, 0, bytes); }

static void apple_memset_pattern16(void *memory, const void *pattern, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) ((char *)memory)[i] = ((const char *)pattern)[i % 16];
}

static void *apple_memcpy_chk(void *to, const void *from, size_t bytes, size_t space) {
  if (bytes > space) abort();
  return memcpy(to, from, bytes);
}

static void *apple_memset_chk(void *to, int byte, size_t n, size_t room) {
  if (n > room) abort();
  return memset(to, byte, n);
}

/* Sets of signals are of another size there, and no test sends any. */
static int apple_pthread_sigmask(int how, const void *set, void *old) { return (void)how, (void)set, (void)old, 0; }

int __cxa_atexit(void (*function)(void *), void *argument, void *library);

/* Pointers are bound before the program starts, so nobody asks for one to be bound. */
static _Noreturn void apple_dyld_stub_binder(void) { abort(); }

#ifdef __x86_64__
__extension__ typedef unsigned __int128 wide;

static wide apple_ashlti3(wide x, int by) { return x << by; }

static wide apple_lshrti3(wide x, int by) { return x >> by; }
#endif

__extension__ typedef __int128 signed_wide;

static signed_wide apple_divti3(signed_wide a, signed_wide b) { return a / b; }

static signed_wide apple_modti3(signed_wide a, signed_wide b) { return a % b; }

/* What works on long double, which Apple has as double on arm64. */
#ifdef __x86_64__
#define WIDE(name) (void *)name##l
#else
#define WIDE(name) (void *)name
#endif

/* What our programs take from libSystem. One that is missing is told. */
static const struct {
  const char *name;
  void *address;
} imports[] = {
    {"___bzero", (void *)apple_bzero},
    {"___cxa_atexit", (void *)__cxa_atexit},
    {"___memcpy_chk", (void *)apple_memcpy_chk},
    {"___memset_chk", (void *)apple_memset_chk},
    {"___stderrp", (void *)&stderr},
    {"___stdoutp", (void *)&stdout},
#ifdef __x86_64__
    {"___ashlti3", (void *)apple_ashlti3},
    {"___lshrti3", (void *)apple_lshrti3},
#endif
    {"___divti3", (void *)apple_divti3},
    {"___modti3", (void *)apple_modti3},
    {"_alarm", (void *)alarm},
    {"_bzero", (void *)apple_bzero},
    {"_calloc", (void *)calloc},
    {"_ceil", (void *)ceil},
    {"_cexpl", WIDE(cexp)},
    {"_clock", (void *)clock},
    {"_erfc", (void *)erfc},
    {"_exit", (void *)exit},
    {"_exp", (void *)exp},
    {"_expm1", (void *)expm1},
    {"_fflush", (void *)fflush},
    {"_floor", (void *)floor},
    {"_fmod", (void *)fmod},
    {"_fork", (void *)fork},
    {"_fprintf", (void *)apple_fprintf},
    {"_free", (void *)free},
    {"_frexp", (void *)frexp},
    {"_frexpl", WIDE(frexp)},
    {"_fwrite", (void *)fwrite},
    {"_ldexp", (void *)ldexp},
    {"_ldexpl", WIDE(ldexp)},
    {"_log", (void *)log},
    {"_log1p", (void *)log1p},
    {"_log1pl", WIDE(log1p)},
    {"_malloc", (void *)malloc},
    {"_memcmp", (void *)memcmp},
    {"_memcpy", (void *)memcpy},
    {"_memmove", (void *)memmove},
    {"_memset", (void *)memset},
    {"_memset_pattern16", (void *)apple_memset_pattern16},
    {"_nearbyint", (void *)nearbyint},
    {"_nextafter", (void *)nextafter},
    {"_nextafterf", (void *)nextafterf},
    {"_printf", (void *)apple_printf},
    {"_pthread_atfork", (void *)pthread_atfork},
    {"_pthread_attr_destroy", (void *)pthread_attr_destroy},
    {"_pthread_attr_init", (void *)pthread_attr_init},
    {"_pthread_attr_setstacksize", (void *)pthread_attr_setstacksize},
    {"_putchar", (void *)putchar},
    {"_pthread_cond_init", (void *)pthread_cond_init},
    {"_pthread_cond_signal", (void *)pthread_cond_signal},
    {"_pthread_cond_wait", (void *)pthread_cond_wait},
    {"_pthread_create", (void *)pthread_create},
    {"_pthread_join", (void *)pthread_join},
    {"_pthread_mutex_init", (void *)pthread_mutex_init},
    {"_pthread_mutex_lock", (void *)pthread_mutex_lock},
    {"_pthread_mutex_unlock", (void *)pthread_mutex_unlock},
    {"_pthread_sigmask", (void *)apple_pthread_sigmask},
    {"_puts", (void *)puts},
    {"_realloc", (void *)realloc},
    {"_rint", (void *)rint},
    {"_sched_yield", (void *)sched_yield},
    {"_strcmp", (void *)strcmp},
    {"_tanh", (void *)tanh},
    {"_time", (void *)time},
    {"_trunc", (void *)trunc},
    {"_waitpid", (void *)waitpid},
    {"dyld_stub_binder", (void *)apple_dyld_stub_binder},
};

static uint64_t find_export(const struct image *image, const char *name) {
  const struct symbol *symbols = (const void *)(image->file + image->symtab->offset);
  const char *names = (const char *)image->file + image->symtab->names;
  for (uint32_t i = 0; i < image->symtab->count; i++) {
    const int external = (symbols[i].type & 0xff) == 0x0f; /* in a section, for others, not for debuggers */
    if (external && strcmp(names + symbols[i].name, name) == 0) {
      return (uint64_t)(image->base + (symbols[i].address - image->start));
    }
  }
  return 0;
}

static uint64_t find_import(const struct image *image, const char *name) {
  for (int i = 0; i < image_count - 1; i++) {
    const uint64_t address = find_export(&images[i], name);
    if (address != 0) return address;
  }
  for (size_t i = 0; i < sizeof imports / sizeof *imports; i++)
    if (strcmp(imports[i].name, name) == 0) return (uint64_t)imports[i].address;
  fail(image, "the loader does not provide", name);
}

/* ---------------------------------------------------------------- pointers */

static uint64_t read_uleb(const uint8_t **at) {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const uint8_t byte = *(*at)++;
    value |= (uint64_t)(byte & 127) << shift;
    if (byte < 128) return value;
  }
}

static char *segment_at(const struct image *image, unsigned i) {
  if (i >= image->segment_count) fail(image, "a pointer lies in a segment that is missing", "");
  return image->base + (image->segments[i]->address - image->start);
}

/* Adds to each pointer how far the image lies from where it was linked for. */
static void rebase(const struct image *image, const uint8_t *at, const uint8_t *end) {
  char *place = NULL;
  while (at < end) {
    const unsigned operation = *at & 0xf0, operand = *at & 15;
    uint64_t count = 0, skip = 0;
    at++;
    switch (operation) {
      case 0x00: return;
      case 0x10: break; /* the kind: pointers only */
      case 0x20: place = segment_at(image, operand) + read_uleb(&at); break;
      case 0x30: place += read_uleb(&at); break;
      case 0x40: place += operand * 8; break;
      case 0x50: count = operand; break;
      case 0x60: count = read_uleb(&at); break;
      case 0x70: count = 1, skip = read_uleb(&at); break;
      case 0x80: count = read_uleb(&at), skip = read_uleb(&at); break;
      default: fail(image, "an unknown opcode to rebase", "");
    }
    for (; count > 0; count--, place += 8 + skip) *(uint64_t *)place += (uint64_t)image->base - image->start;
  }
}

/* Writes the addresses of what is imported. In the lazy table each entry ends with the opcode 0. */
static void bind(const struct image *image, const uint8_t *at, const uint8_t *end, int lazy) {
  const char *name = "";
  char *place = NULL;
  while (at < end) {
    const unsigned operation = *at & 0xf0, operand = *at & 15;
    uint64_t count = 0, skip = 0;
    at++;
    switch (operation) {
      case 0x00: if (lazy) break; return;
      case 0x10: case 0x30: case 0x50: break; /* of which library, special ones, the kind: all are looked through */
      case 0x20: read_uleb(&at); break;
      case 0x40: name = (const char *)at, at += strlen(name) + 1; break;
      case 0x70: place = segment_at(image, operand) + read_uleb(&at); break;
      case 0x80: place += read_uleb(&at); break;
      case 0x90: count = 1; break;
      case 0xa0: count = 1, skip = read_uleb(&at); break;
      case 0xb0: count = 1, skip = operand * 8; break;
      case 0xc0: count = read_uleb(&at), skip = read_uleb(&at); break;
      default: fail(image, "an unknown opcode to bind", name);
    }
    for (; count > 0; count--, place += 8 + skip) *(uint64_t *)place = find_import(image, name);
  }
}

/* ---------------------------------------------------------------- loading */

static const uint8_t *read_file(const struct image *image) {
  FILE *file = fopen(image->path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) fail(image, strerror(errno), "");
  const size_t size = (size_t)ftell(file);
  uint8_t *bytes = malloc(size);
  rewind(file);
  if (bytes == NULL || size < sizeof(struct header) || fread(bytes, 1, size, file) != size)
    fail(image, "it cannot be read", "");
  fclose(file);
  return bytes;
}

static void read_segment(struct image *image, const struct segment *segment, uint64_t *end) {
  if (image->segment_count == MAX_SEGMENTS) fail(image, "it has too many segments", "");
  image->segments[image->segment_count++] = segment;
  if (strcmp(segment->name, "__TEXT") == 0) image->start = segment->address;
  if (segment->address + segment->memory_size > *end) *end = segment->address + segment->memory_size;
  const struct section *sections = (const void *)(segment + 1);
  for (uint32_t i = 0; i < segment->sections; i++) {
    const unsigned kind = sections[i].flags & 255;
    if (kind == 0x16 || (kind == 9 && image->initialiser_count == MAX_INITIALISERS))
      fail(image, "initialisers are not run, of", sections[i].name);
    if (kind == 9) image->initialisers[image->initialiser_count++] = &sections[i];
    if (kind >= 0x11 && kind <= 0x15) fail(image, "there are thread-local variables, in", sections[i].name);
  }
}

static void load(const char *path) {
  struct image *image = &images[image_count++];
  image->path = path;
  image->file = read_file(image);
  const struct header *header = (const void *)image->file;
#ifdef __aarch64__
  const uint32_t cpu = 0x0100000c;
#else
  const uint32_t cpu = 0x01000007;
#endif
  if (header->magic != 0xfeedfacf || header->cpu != cpu) fail(image, "it is no Mach-O file of this processor", "");
  uint64_t end = 0;
  const uint8_t *at = (const void *)(header + 1);
  for (uint32_t i = 0; i < header->commands; i++) {
    const uint32_t *command = (const void *)at;
    switch (command[0] & 0x7fffffff) { /* without the bit for "not to be skipped" */
      case COMMAND_SEGMENT: read_segment(image, (const void *)at, &end); break;
      case COMMAND_SYMTAB: image->symtab = (const void *)at; break;
      case COMMAND_DYLD_INFO: image->info = (const void *)at; break;
      case COMMAND_MAIN: memcpy(&image->entry, at + 8, 8); break;
      case COMMAND_CHAINED_FIXUPS: fail(image, "chained fixups are not read", "");
    }
    at += command[1];
  }
  if (image->symtab == NULL || image->info == NULL) fail(image, "it has no symbols or no table of pointers", "");

  image->base = mmap(NULL, end - image->start, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (image->base == MAP_FAILED) fail(image, strerror(errno), "");
  for (uint32_t i = 0; i < image->segment_count; i++) {
    const struct segment *segment = image->segments[i];
    if (segment->file_size > 0) memcpy(segment_at(image, i), image->file + segment->offset, segment->file_size);
  }
  const struct dyld_info *info = image->info;
  rebase(image, image->file + info->rebase, image->file + info->rebase + info->rebase_size);
  bind(image, image->file + info->bind, image->file + info->bind + info->bind_size, 0);
  bind(image, image->file + info->lazy, image->file + info->lazy + info->lazy_size, 1);
  for (uint32_t i = 0; i < image->segment_count; i++) {
    const struct segment *segment = image->segments[i];
    if (segment->protection == 0) continue; /* __PAGEZERO */
    const int protection = (segment->protection & 1 ? PROT_READ : 0) | (segment->protection & 2 ? PROT_WRITE : 0) |
                           (segment->protection & 4 ? PROT_EXEC : 0);
    if (mprotect(segment_at(image, i), segment->memory_size, protection) != 0)
      fail(image, strerror(errno), segment->name);
  }
  __builtin___clear_cache(image->base, image->base + (end - image->start));
}

/* Calls what is to run before main, and asks for what is to run at the end. */
static void initialise(const struct image *image, int argc, char **argv) {
  for (uint32_t i = 0; i < image->initialiser_count; i++) {
    const struct section *section = image->initialisers[i];
    void (**function)(int, char **) = (void (**)(int, char **))(image->base + (section->address - image->start));
    for (uint64_t f = 0; f < section->size / sizeof *function; f++) function[f](argc, argv);
  }
}

int main(int argc, char **argv) {
  /* Without a program there is nothing to do: so `deno task build --run` may build and start it. */
  if (argc - 1 > MAX_IMAGES) return 126;
  if (argc < 2) return 0;
  for (int i = 1; i < argc; i++) load(argv[i]);
  const struct image *program = &images[image_count - 1];
  if (program->entry == 0) fail(program, "it is no program", "");
  for (int i = 0; i < image_count; i++) initialise(&images[i], 1, &argv[argc - 1]);
  int (*start)(int, char **) = (int (*)(int, char **))(uint64_t)(program->base + program->entry);
  const int status = start(1, &argv[argc - 1]);
  fflush(stdout);
  return status;
}
