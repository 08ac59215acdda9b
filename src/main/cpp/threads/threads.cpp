// libvicinal_threads: what must be there before libgomp and OpenBLAS are loaded, and one account of the process's
// OpenMP teams, shared by libvicinal and the FAISS binding.
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>

#define EXPORT extern "C" __attribute__((visibility("default")))

extern "C" int vicinal_threads_startable(int wanted);

namespace {

std::size_t stack = 0;  // of libgomp's threads; 0 for the system's own

// The stack size as libgomp reads it: a number with B, K (default), M or G; 0 for what it ignores.
std::size_t stack_size(const char* text) {
  while (std::isspace(static_cast<unsigned char>(*text)) != 0) ++text;
  if (std::isdigit(static_cast<unsigned char>(*text)) == 0) return 0;
  errno = 0;
  char* end = nullptr;
  unsigned long long value = std::strtoull(text, &end, 10);
  while (std::isspace(static_cast<unsigned char>(*end)) != 0) ++end;
  int shift = 10;
  switch (std::tolower(static_cast<unsigned char>(*end))) {
    case 'b':
      shift = 0;
      break;
    case 'm':
      shift = 20;
      break;
    case 'g':
      shift = 30;
      break;
    case 'k':
    case 0:
      break;
    default:
      return 0;
  }
  return errno != 0 || (value << shift) >> shift != value ? 0 : static_cast<std::size_t>(value << shift);
}

// libgomp and OpenBLAS read their environment when they are loaded.
//
// By default a libgomp thread that waits at a barrier spins 300,000 times, about 15 ms, before it sleeps. That is
// harmless while every thread has a core to itself; when another process takes one of them, the waiting thread burns
// the time that the late one needs, at every barrier: a loss of 0.6 ms was measured at 100 ms on a busy machine, and
// at 1.1 ms with the count below, which is libgomp's own for a machine with more threads than cores (about 50 us).
//
// OpenBLAS starts a thread per core when it is loaded, ends the process when one cannot start, and is told to use one
// thread afterwards anyway.
//
// Whoever sets these variables knows better and is obeyed, but for a stack that no thread can have: libgomp ends the
// process at the first of them.
__attribute__((constructor)) void prepare_environment() {
  for (const char* name : {"OMP_STACKSIZE", "GOMP_STACKSIZE"}) {
    const char* text = std::getenv(name);
    if (text == nullptr) continue;
    stack = stack_size(text);
    if (stack > 0 && vicinal_threads_startable(1) == 0) {
      std::fprintf(stderr, "vicinal: %s=%.40s: no thread can have such a stack here; OpenMP's own size is used\n", name,
                   text);
      stack = 0;
      unsetenv(name);
    }
    if (stack > 0) break;  // libgomp takes the first that it can read
  }
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) setenv("GOMP_SPINCOUNT", "1000", 0);
  setenv("OPENBLAS_NUM_THREADS", "1", 0);
}

// Beyond a team's own threads, so that the JVM can still start one of its own.
constexpr int kSpare = 2;
// After a refusal, the next attempt of any thread.
constexpr std::chrono::seconds kPatience{1};

pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;  // one team at a time: a trial counts for the team that follows
std::atomic<int> workers{0};
std::atomic<std::int64_t> refused_until{0};

std::int64_t now() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

// The calling thread's team; libgomp ends it with its thread.
struct Team {
  int width = 1;
  void become(int next) {
    workers += next - width;
    width = next;
  }
  ~Team() { become(1); }
};
thread_local Team mine;

struct Trial {
  pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
  struct Thread {
    Trial* trial;
    pthread_t handle;
    std::atomic<pid_t> id;
  };
};

void* wait_at_gate(void* argument) {
  auto* thread = static_cast<Trial::Thread*>(argument);
  thread->id = static_cast<pid_t>(syscall(SYS_gettid));
  pthread_mutex_lock(&thread->trial->gate);
  pthread_mutex_unlock(&thread->trial->gate);
  return nullptr;
}

// A joined thread still counts against the limits until the kernel has forgotten it.
void wait_until_forgotten(pid_t id) {
  const std::int64_t end = now() + std::chrono::nanoseconds(kPatience).count();
  while (syscall(SYS_tgkill, getpid(), id, 0) == 0 && now() < end) sched_yield();
}

}  // namespace

EXPORT int vicinal_threads_startable(int wanted) {
  if (wanted < 1) return 0;
  auto* threads = new (std::nothrow) Trial::Thread[static_cast<std::size_t>(wanted)];
  if (threads == nullptr) return 0;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  if (stack > 0) pthread_attr_setstacksize(&attributes, stack);  // one that is too small is refused, by libgomp as well
  Trial trial;
  pthread_mutex_lock(&trial.gate);
  int started = 0;
  while (started < wanted) {
    Trial::Thread& t = threads[started];
    t.trial = &trial;
    t.id = 0;
    if (pthread_create(&t.handle, &attributes, wait_at_gate, &t) != 0) break;
    ++started;
  }
  pthread_attr_destroy(&attributes);
  pthread_mutex_unlock(&trial.gate);
  for (int i = 0; i < started; ++i) {
    pthread_join(threads[i].handle, nullptr);
    wait_until_forgotten(threads[i].id);
  }
  delete[] threads;
  return started;
}

EXPORT int vicinal_team_plan(int width, int* fresh) {
  *fresh = 0;
  if (width <= mine.width) {
    if (width > 1) mine.become(width);  // libgomp ends the threads that a narrower region leaves over
    return std::max(1, width);
  }
  if (now() < refused_until.load(std::memory_order_relaxed)) return mine.width;
  pthread_mutex_lock(&making);
  const int more = width - mine.width;
  const int can = std::max(0, vicinal_threads_startable(more + kSpare) - kSpare);
  if (can < more) refused_until = now() + std::chrono::nanoseconds(kPatience).count();
  if (can == 0) {
    pthread_mutex_unlock(&making);
    return mine.width;
  }
  *fresh = 1;
  return mine.width + can;
}

EXPORT void vicinal_team_made(int width) {
  mine.become(width);
  pthread_mutex_unlock(&making);
}

EXPORT int vicinal_team_surplus() {
  static const int kept = std::max(64, 4 * static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)));
  return mine.width > 1 && workers.load(std::memory_order_relaxed) > kept ? 1 : 0;
}

EXPORT void vicinal_team_ended() {
  mine.become(1);
}

EXPORT int vicinal_team_workers() {
  return workers.load(std::memory_order_relaxed);
}
