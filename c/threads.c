/* threads.c: one pool of threads for the process, and how work is spread over it. The pool is made when work first asks
 * for it, and one caller has it at a time: whoever comes while it is taken, such as another worker of Deno or a part of
 * the work itself, computes alone. Which thread computes what is left to chance, so nothing may depend on it. */
#include "base.h"

/* Does what is asked of the elements from .. to-1. */
typedef void range_task(const void *context, size_t from, size_t to);

/* Whether a product has the room of gemm.c; here, since a child of fork gets it back. */
static int32_t room_is_taken;

#if defined(__wasm__)

static int32_t threads_wanted(int32_t count) { return (void)count, 1; }

static void parallel(size_t count, size_t step, size_t least, range_task *run, const void *context) {
  (void)step, (void)least;
  run(context, 0, count);
}

#else

#define MOST_THREADS 32
#define MOST_PARTS 32    /* bits of a set */
#define PARTS_A_THREAD 4 /* several, since a thread may start late or lose its processor for a while */
#define SPINS 64         /* looks in a row; after them others get the processor in between */
#define LOOKS 1024       /* looks for work before a thread goes to sleep: longer than most gaps in a training step */
#define STACK_BYTES ((size_t)1 << 20) /* a product needs 264 KiB of it; some systems would give a thread 128 */

#if defined(_WIN32)

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

typedef SRWLOCK mutex;
typedef CONDITION_VARIABLE condition;
typedef HANDLE thread;

static void mutex_init(mutex *m) { InitializeSRWLock(m); }
static void mutex_lock(mutex *m) { AcquireSRWLockExclusive(m); }
static void mutex_unlock(mutex *m) { ReleaseSRWLockExclusive(m); }
static void condition_init(condition *c) { InitializeConditionVariable(c); }
static void condition_wait(condition *c, mutex *m) { SleepConditionVariableSRW(c, m, INFINITE, 0); }
static void condition_wake(condition *c) { WakeConditionVariable(c); }
static void thread_yield(void) { SwitchToThread(); }

static void work(int32_t index);

static DWORD WINAPI thread_main(void *index) { return work((int32_t)(intptr_t)index), 0; }

/* The library stays loaded (windows.c). */
static int thread_start(thread *t, int32_t index) {
  *t = CreateThread(NULL, STACK_BYTES, thread_main, (void *)(intptr_t)index, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
  return *t != NULL;
}

/* Names of windows.h that are ours. */
#undef near
#undef far
#undef INFINITE

#else

#include <pthread.h>
#include <sched.h>
#include <signal.h>

typedef pthread_mutex_t mutex;
typedef pthread_cond_t condition;
typedef pthread_t thread;

static void mutex_init(mutex *m) { pthread_mutex_init(m, NULL); }
static void mutex_lock(mutex *m) { pthread_mutex_lock(m); }
static void mutex_unlock(mutex *m) { pthread_mutex_unlock(m); }
static void condition_init(condition *c) { pthread_cond_init(c, NULL); }
static void condition_wait(condition *c, mutex *m) { pthread_cond_wait(c, m); }
static void condition_wake(condition *c) { pthread_cond_signal(c); }
static void thread_yield(void) { sched_yield(); }

static void work(int32_t index);

static void *thread_main(void *index) { return work((int32_t)(intptr_t)index), NULL; }

/* Signals are for the threads of the program. */
static int thread_start(thread *t, int32_t index) {
  sigset_t all, before;
  pthread_attr_t attributes;
  sigfillset(&all);
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int status = pthread_create(t, &attributes, thread_main, (void *)(intptr_t)index);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return status == 0;
}

#endif

/* Between two looks at what another thread shall write; so many were before, and after 2^32 they are counted anew. */
INLINE void wait_for_look(uint32_t look) {
  if (look >= SPINS) thread_yield();
#if defined(__x86_64__)
  else __builtin_ia32_pause();
#elif defined(__aarch64__)
  else __asm__ volatile("yield");
#endif
}

/* One of the pool. */
struct worker {
  thread thread;
  condition work_came;
  int32_t asleep;
};

static struct {
  int32_t wanted;  /* threads that shall compute together, the caller's included; 0 until somebody says */
  int32_t started; /* threads of the pool */
  int32_t taken;   /* whether somebody has the pool */
  int32_t closing;
  struct worker worker[MOST_THREADS];
  mutex lock;
  range_task *run;
  const void *context;
  size_t count, step;
  int32_t parts;
  int32_t helpers; /* how many of the threads this work is for */
  /* Apart from the rest, since all threads look at them: the number of the work << 32 | the set of parts that nobody
   * has begun, and how many are not done. The number keeps a thread that comes late from taking what has become a part
   * of other work. */
  _Alignas(64) uint64_t ticket;
  _Alignas(64) uint32_t unfinished;
} pool;

static int work_is_there(int32_t index) {
  return (uint32_t)__atomic_load_n(&pool.ticket, __ATOMIC_SEQ_CST) != 0 &&
         index < __atomic_load_n(&pool.helpers, __ATOMIC_RELAXED);
}

/* The part that a thread begins next: one of its own as long as there are some, since what it computes on may still be
 * in its cache from the last time; then those of others. */
static int next_part(uint32_t open, int32_t thread) {
  int32_t threads = __atomic_load_n(&pool.helpers, __ATOMIC_RELAXED) + 1;
  int32_t own = thread * __atomic_load_n(&pool.parts, __ATOMIC_RELAXED) / threads % MOST_PARTS;
  uint32_t from_own_on = open & ~(uint32_t)0 << own;
  return __builtin_ctz(from_own_on != 0 ? from_own_on : open);
}

static void do_part(size_t part) {
  size_t steps = (pool.count + pool.step - 1) / pool.step, parts = (size_t)pool.parts;
  size_t from = part * steps / parts * pool.step, to = (part + 1) * steps / parts * pool.step;
  pool.run(pool.context, from, size_min(to, pool.count));
}

/* Computes parts until all are begun. */
static void do_parts(int32_t thread) {
  uint64_t ticket = __atomic_load_n(&pool.ticket, __ATOMIC_ACQUIRE);
  while ((uint32_t)ticket != 0) {
    int part = next_part((uint32_t)ticket, thread);
    uint64_t rest = ticket & ~((uint64_t)1 << part);
    if (!__atomic_compare_exchange_n(&pool.ticket, &ticket, rest, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) continue;
    do_part((size_t)part);
    __atomic_sub_fetch(&pool.unfinished, 1, __ATOMIC_RELEASE);
    ticket = __atomic_load_n(&pool.ticket, __ATOMIC_ACQUIRE);
  }
}

/* The life of a thread of the pool. */
static void work(int32_t index) {
  struct worker *self = &pool.worker[index];
  while (!__atomic_load_n(&pool.closing, __ATOMIC_ACQUIRE)) {
    for (uint32_t look = 0; look < LOOKS && !work_is_there(index); look++) wait_for_look(look);
    if (!work_is_there(index)) {
      mutex_lock(&pool.lock);
      __atomic_store_n(&self->asleep, 1, __ATOMIC_SEQ_CST);
      while (!work_is_there(index) && !pool.closing) condition_wait(&self->work_came, &pool.lock);
      __atomic_store_n(&self->asleep, 0, __ATOMIC_RELAXED);
      mutex_unlock(&pool.lock);
    }
    if (work_is_there(index)) do_parts(index + 1);
  }
}

static void wake(int32_t helpers) {
  for (int32_t i = 0; i < helpers; i++) {
    if (!__atomic_load_n(&pool.worker[i].asleep, __ATOMIC_SEQ_CST)) continue;
    mutex_lock(&pool.lock);
    condition_wake(&pool.worker[i].work_came);
    mutex_unlock(&pool.lock);
  }
}

/* Sees to it that there are so many threads; if the system gives none, fewer have to do. Returns how many there are. */
static int32_t start_threads(int32_t helpers) {
  if (pool.started == 0) mutex_init(&pool.lock);
  while (pool.started < helpers) {
    struct worker *next = &pool.worker[pool.started];
    condition_init(&next->work_came);
    if (!thread_start(&next->thread, pool.started)) break;
    pool.started++;
  }
  return pool.started < helpers ? pool.started : helpers;
}

#if !defined(_WIN32)
/* A child of this process has none of its threads, whatever they were doing. */
static void forget_threads(void) {
  pool.started = pool.taken = room_is_taken = 0;
  pool.ticket &= ~(uint64_t)UINT32_MAX;
}

__attribute__((constructor)) static void prepare_for_children(void) { pthread_atfork(NULL, NULL, forget_threads); }

/* Before the library's code goes away. */
__attribute__((destructor)) static void close_pool(void) {
  if (pool.started == 0) return;
  mutex_lock(&pool.lock);
  __atomic_store_n(&pool.closing, 1, __ATOMIC_RELEASE);
  for (int32_t i = 0; i < pool.started; i++) condition_wake(&pool.worker[i].work_came);
  mutex_unlock(&pool.lock);
  for (int32_t i = 0; i < pool.started; i++) pthread_join(pool.worker[i].thread, NULL);
}
#endif

/* How many threads shall compute together; with count > 0 it becomes that many. */
static int32_t threads_wanted(int32_t count) {
  if (count > 0) __atomic_store_n(&pool.wanted, count < MOST_THREADS ? count : MOST_THREADS, __ATOMIC_RELAXED);
  return __atomic_load_n(&pool.wanted, __ATOMIC_RELAXED);
}

/* run(context, from, to) for ranges that make up 0 .. count-1, each beginning at a multiple of step and, where there
 * are several, of at least about `least` elements: what takes less time than waking a thread is not worth one. */
static void parallel(size_t count, size_t step, size_t least, range_task *run, const void *context) {
  size_t wanted = (size_t)threads_wanted(0), parts = size_min(PARTS_A_THREAD * wanted, MOST_PARTS);
  parts = size_min(parts, count / size_max(least, step));
  if (wanted < 2 || parts < 2 || __atomic_exchange_n(&pool.taken, 1, __ATOMIC_ACQUIRE)) {
    run(context, 0, count);
    return;
  }
  pool.run = run;
  pool.context = context;
  pool.count = count;
  pool.step = step;
  __atomic_store_n(&pool.parts, (int32_t)parts, __ATOMIC_RELAXED);
  int32_t helpers = start_threads((int32_t)size_min(wanted, parts) - 1);
  __atomic_store_n(&pool.helpers, helpers, __ATOMIC_RELAXED);
  __atomic_store_n(&pool.unfinished, (uint32_t)parts, __ATOMIC_RELAXED);
  uint64_t number = (__atomic_load_n(&pool.ticket, __ATOMIC_RELAXED) >> 32) + 1;
  __atomic_store_n(&pool.ticket, number << 32 | (uint32_t)~(uint64_t)0 >> (MOST_PARTS - parts), __ATOMIC_SEQ_CST);
  wake(helpers);
  do_parts(0);
  for (uint32_t look = 0; __atomic_load_n(&pool.unfinished, __ATOMIC_ACQUIRE) > 0; look++) wait_for_look(look);
  __atomic_store_n(&pool.taken, 0, __ATOMIC_RELEASE);
}

#endif
