// Shared by the tests of the emulated device.
#ifndef VICINAL_EMULATION_SUPPORT_HPP_
#define VICINAL_EMULATION_SUPPORT_HPP_

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "cuda_runtime.hpp"

#define OK(CALL) REQUIRE_EQ((CALL), cudaSuccess)

// Device memory with a host's view by copies.
template <class T>
struct Device {
  T* data = nullptr;
  std::size_t size;
  explicit Device(std::size_t n) : size(n) { OK(cudaMalloc(&data, n * sizeof(T))); }
  explicit Device(const std::vector<T>& values) : Device(values.size()) { set(values); }
  ~Device() { CHECK_EQ(cudaFree(data), cudaSuccess); }
  Device(const Device&) = delete;
  void set(const std::vector<T>& values) const {
    OK(cudaMemcpy(data, values.data(), size * sizeof(T), cudaMemcpyHostToDevice));
  }
  std::vector<T> get() const {
    std::vector<T> values(size);
    OK(cudaMemcpy(values.data(), data, size * sizeof(T), cudaMemcpyDeviceToHost));
    return values;
  }
};

// Runs it in a child process: the signal that ended it, and what it wrote to stderr.
template <class F>
std::pair<int, std::string> dies(F body) {
  int ends[2];
  REQUIRE_EQ(pipe(ends), 0);
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    for (int s : {SIGABRT, SIGSEGV, SIGBUS}) signal(s, SIG_DFL);  // not doctest's
    dup2(ends[1], 2);
    close(ends[0]);
    body();
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char buffer[256];
  for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(n));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return {WIFSIGNALED(status) ? WTERMSIG(status) : 0, text};
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

#endif  // VICINAL_EMULATION_SUPPORT_HPP_
