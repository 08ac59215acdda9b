// The scheduler of one block. A fiber runs thread after thread to the end; only a thread that has to wait keeps its
// fiber, and the next threads go on another one. Kernels without synchronisation therefore cost a function call per
// thread.
//
// Order is hostile on purpose: blocks run in a permutation that changes with every launch, the threads of a block from
// a random one on, forwards or backwards. It is the same in every process (VICINAL_EMULATED_SEED changes it).
#include "block.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <vector>

#include "fiber.hpp"
#include "language.hpp"
#include "symbol.hpp"

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace emulation {
namespace {

constexpr unsigned kMaxThreads = 1024, kWarp = 32;
constexpr std::size_t kShared = 48 * 1024, kPage = 4096;

enum class Waiting { nothing, barrier, shuffle, ballot };
constexpr const char* kNames[] = {"", "__syncthreads", "a shuffle", "a vote"};

struct Thread {
  Fiber* fiber;
  Waiting waiting;
  Site site;
  unsigned mask;
  int source;
  std::uint64_t value, result;
};

struct Warp {
  unsigned present, exited, waiting;  // lanes
};

const Launch* launch;
Thread threads[kMaxThreads];
Warp warps[kMaxThreads / kWarp];
unsigned count, current, started, exited, first_thread;
bool backwards, trapped;

unsigned ready[kMaxThreads], ready_begin, ready_end;  // a ring
unsigned at_barrier[kMaxThreads], barrier_size;
int barrier_sum, barrier_result;

auto &fibers = *new std::vector<Fiber*>, &idle = *new std::vector<Fiber*>;
Fiber scheduler;
Fiber* running;

std::uint64_t random_state = [] {
  const char* seed = std::getenv("VICINAL_EMULATED_SEED");
  return seed ? std::strtoull(seed, nullptr, 10) : 42;
}();

// SplitMix64 (Steele, Lea, Flood 2014).
std::uint64_t random() {
  std::uint64_t z = (random_state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

uint3 index_of(unsigned thread) {
  return {thread % blockDim.x, thread / blockDim.x % blockDim.y, thread / (blockDim.x * blockDim.y)};
}

void set_current(unsigned thread) {
  current = thread;
  if (blockDim.x == count) {
    threadIdx.x = thread;
  } else {
    threadIdx = index_of(thread);
  }
}

std::string triple(uint3 i) {
  return "(" + std::to_string(i.x) + "," + std::to_string(i.y) + "," + std::to_string(i.z) + ")";
}

std::string text_of(Site site) {
  return site.file + (":" + std::to_string(site.line));
}

std::string describe(unsigned thread) {
  const Thread& t = threads[thread];
  std::string text = "thread " + triple(index_of(thread));
  if (t.waiting != Waiting::nothing) {
    text += std::string(" waits in ") + kNames[static_cast<int>(t.waiting)] + " at " + text_of(t.site);
  }
  return text;
}

void make_ready(unsigned thread) {
  threads[thread].waiting = Waiting::nothing;
  ready[ready_end++ % kMaxThreads] = thread;
}

[[noreturn]] void deadlock() {
  std::string text;
  const Thread* last = nullptr;
  for (unsigned i = 0; i < count; ++i) {
    const Thread& t = threads[i];
    if (t.waiting == Waiting::nothing) continue;
    if (last && t.waiting == last->waiting && t.site.line == last->site.line) continue;
    if (last) text += "; ";
    text += describe(i);
    last = &t;
  }
  fail("deadlock: " + text);
}

void work();

// The fiber that has something to do: a thread that may go on, else an unused fiber for threads not yet started.
Fiber* next_fiber() {
  if (ready_begin != ready_end) return threads[ready[ready_begin++ % kMaxThreads]].fiber;
  if (started == count) return exited == count ? &scheduler : nullptr;
  if (idle.empty()) {
    fibers.push_back(make_fiber(work));
    idle.push_back(fibers.back());
  }
  Fiber* fiber = idle.back();
  idle.pop_back();
  return fiber;
}

void switch_to_next() {
  Fiber* from = running;
  running = next_fiber();
  if (running == nullptr) deadlock();
  if (running != from) hand_over(from, running);
}

// Runs others until the current thread is ready.
void suspend() {
  const unsigned self = current;
  threads[self].fiber = running;
  switch_to_next();
  set_current(self);
}

void release_barrier() {
  barrier_result = barrier_sum;
  if (random() & 1) std::reverse(at_barrier, at_barrier + barrier_size);
  for (unsigned i = 0; i < barrier_size; ++i) make_ready(at_barrier[i]);
  barrier_size = 0;
  barrier_sum = 0;
}

Warp& warp() {
  return warps[current / kWarp];
}

bool same(Site a, Site b) {
  return a.line == b.line && (a.file == b.file || std::strcmp(a.file, b.file) == 0);
}

// Whether all lanes of the mask wait, which they must for the same thing.
bool complete(unsigned mask, Waiting operation, Site site) {
  const Warp& w = warp();
  const unsigned expected = mask & w.present;
  const unsigned gone = expected & w.exited, first = current / kWarp * kWarp;
  const auto what = [&] { return kNames[static_cast<int>(operation)] + (" at " + text_of(site)); };
  if (gone != 0) {
    const uint3 index = index_of(first + static_cast<unsigned>(__builtin_ctz(gone)));
    fail("thread " + triple(index) + " has exited, but is in the mask of " + what());
  }
  if ((expected & w.waiting) != expected) return false;
  for (unsigned rest = expected; rest != 0; rest &= rest - 1) {
    const unsigned other = first + static_cast<unsigned>(__builtin_ctz(rest));
    const Thread& t = threads[other];
    if (t.mask != mask || t.waiting != operation || !same(t.site, site)) {
      fail(what() + " names a lane that is elsewhere: " + describe(other));
    }
  }
  return true;
}

// Hands these lanes their results (they go on in any order, so nobody may read another's value later) and wakes them.
void let_go(unsigned lanes, Waiting operation) {
  const unsigned first = current / kWarp * kWarp;
  unsigned votes = 0;
  if (operation == Waiting::ballot) {
    for (unsigned rest = lanes; rest != 0; rest &= rest - 1) {
      const auto lane = static_cast<unsigned>(__builtin_ctz(rest));
      votes |= static_cast<unsigned>(threads[first + lane].value) << lane;
    }
  }
  for (unsigned rest = lanes; rest != 0; rest &= rest - 1) {
    Thread& t = threads[first + static_cast<unsigned>(__builtin_ctz(rest))];
    if (operation == Waiting::ballot) {
      t.result = votes;
    } else {
      t.result = lanes >> t.source & 1 ? threads[first + static_cast<unsigned>(t.source)].value : ~std::uint64_t{0};
    }
  }
  warp().waiting &= ~lanes;
  for (unsigned rest = lanes; rest != 0; rest &= rest - 1)
    make_ready(first + static_cast<unsigned>(__builtin_ctz(rest)));
}

std::uint64_t meet(unsigned mask, std::uint64_t value, int source, Waiting operation, Site site) {
  const unsigned bit = 1u << current % kWarp;
  Thread& t = threads[current];
  if ((mask & bit) == 0)
    fail(std::string("the calling lane is not in the mask of ") + kNames[static_cast<int>(operation)]);
  t.value = value;
  t.source = source;
  t.mask = mask;
  t.site = site;
  t.waiting = operation;
  warp().waiting |= bit;
  if (complete(mask, operation, site)) let_go(mask & warp().waiting, operation);
  suspend();
  return t.result;
}

void finish_thread() {
  Warp& w = warp();
  const unsigned bit = 1u << current % kWarp;
  w.exited |= bit;
  ++exited;
  if (barrier_size > 0 && barrier_size == count - exited) release_barrier();
  const unsigned first = current / kWarp * kWarp;
  for (unsigned rest = w.waiting; (rest &= w.waiting) != 0; rest &= rest - 1) {
    const Thread& t = threads[first + static_cast<unsigned>(__builtin_ctz(rest))];
    if ((t.mask & bit) != 0 && complete(t.mask, t.waiting, t.site)) let_go(t.mask & w.waiting, t.waiting);
  }
}

// What every fiber does, for ever.
void work() {
  for (;;) {
    while (ready_begin == ready_end && started < count) {
      const unsigned position = first_thread + (backwards ? count - 1 - started : started);
      ++started;
      set_current(position < count ? position : position - count);
      launch->body();
      finish_thread();
    }
    idle.push_back(running);
    switch_to_next();
  }
}

void run_block() {
  const std::uint64_t chance = random();
  backwards = chance & 1;
  first_thread = static_cast<unsigned>((chance >> 32) % count);
  started = exited = ready_begin = ready_end = barrier_size = 0;
  barrier_sum = 0;
  for (unsigned i = 0; i * kWarp < count; ++i) {
    const unsigned lanes = std::min(count - i * kWarp, kWarp);
    warps[i] = {lanes == kWarp ? ~0u : (1u << lanes) - 1, 0, 0};
  }
  if (launch->shared > 0) std::memset(shared_memory(), 0xff, launch->shared);
  running = next_fiber();
  hand_over(&scheduler, running);
}

}  // namespace

bool run(const Launch& l) {
  launch = &l;
  blockDim = l.block;
  gridDim = l.grid;
  threadIdx = {};
  count = l.block.x * l.block.y * l.block.z;
  for (unsigned i = 0; i < count; ++i) threads[i].waiting = Waiting::nothing;
  const std::uint64_t blocks = std::uint64_t{l.grid.x} * l.grid.y * l.grid.z;
  // A step that shares no factor with the number of blocks visits each of them once.
  std::uint64_t step = random() % blocks + 1, block = random() % blocks;
  while (std::gcd(step, blocks) != 1) ++step;
  for (std::uint64_t i = 0; i < blocks && !trapped; ++i, block = (block + step) % blocks) {
    blockIdx = {static_cast<unsigned>(block % l.grid.x), static_cast<unsigned>(block / l.grid.x % l.grid.y),
                static_cast<unsigned>(block / l.grid.x / l.grid.y)};
    run_block();
  }
  launch = nullptr;
  if (!trapped) return true;
  for (Fiber* fiber : fibers) reset(fiber);
  idle = fibers;
  trapped = false;
  return false;
}

std::string whereabouts() {
  if (launch == nullptr) return "";
  return "kernel " + symbol_of(launch->kernel) + ", block " + triple(blockIdx) + ", thread " +
         triple(index_of(current));
}

void fail(const std::string& message) {
  const std::string where = whereabouts();
  std::fprintf(stderr, "vicinal emulation: %s%s%s\n", where.c_str(), where.empty() ? "" : ": ", message.c_str());
  std::abort();
}

int barrier(int value, Site site) {
  if (barrier_size > 0) {
    const unsigned other = at_barrier[0];
    if (!same(threads[other].site, site)) fail("__syncthreads at " + text_of(site) + ", but " + describe(other));
  }
  barrier_sum += value;
  at_barrier[barrier_size++] = current;
  threads[current].site = site;
  threads[current].waiting = Waiting::barrier;
  if (barrier_size == count - exited) release_barrier();
  suspend();
  return barrier_result;
}

std::uint64_t exchange(unsigned mask, std::uint64_t value, int source, Site site) {
  return meet(mask, value, source, Waiting::shuffle, site);
}
unsigned ballot(unsigned mask, bool predicate, Site site) {
  return static_cast<unsigned>(meet(mask, predicate, 0, Waiting::ballot, site));
}
int lane() {
  return static_cast<int>(current % kWarp);
}

void* shared_memory() {
  static char* const end = [] {
    void* memory = mmap(nullptr, kShared + kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(static_cast<char*>(memory) + kShared, kPage, PROT_NONE) != 0) std::abort();
    return static_cast<char*>(memory) + kShared;
  }();
  return end - (launch->shared + 15) / 16 * 16;
}

void trap() {
  trapped = true;
  _longjmp(scheduler.place, 1);
}

}  // namespace emulation
