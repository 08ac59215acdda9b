/* faiss_interrupt.hpp: how a long FAISS call is told to stop. */
#ifndef VICINAL_FAISS_INTERRUPT_HPP_
#define VICINAL_FAISS_INTERRUPT_HPP_

#include <atomic>

namespace vicinal {
namespace faiss {

/* A request, from any thread, that the call that was given this object stop. The call then throws. */
class Interrupt {
 public:
  Interrupt() : requested_(false) {}
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  void request() { requested_.store(true, std::memory_order_relaxed); }
  void clear() { requested_.store(false, std::memory_order_relaxed); }
  bool requested() const { return requested_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> requested_;
};

}  // namespace faiss
}  // namespace vicinal

#endif  // VICINAL_FAISS_INTERRUPT_HPP_
