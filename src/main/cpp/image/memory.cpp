// Memory of pixels, kept by the thread that used it.
#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "image/codecs.hpp"

namespace vicinal::image {
namespace {

constexpr std::size_t kHead = 64;                        // in front of the pixels: how many bytes there are
constexpr std::size_t kMostKept = std::size_t{8} << 20;  // larger ones go back to the system

struct Kept {
  std::uint8_t* pieces[4] = {};  // as many as a call uses at once
  std::size_t next = 0;          // whose place is taken where there is no other
  ~Kept() {
    for (std::uint8_t* piece : pieces) delete[] piece;
  }
};
thread_local Kept kept;

std::size_t size_of(const std::uint8_t* piece) {
  std::size_t bytes;
  std::memcpy(&bytes, piece, sizeof bytes);
  return bytes;
}

}  // namespace

Memory take_memory(std::size_t bytes) {
  for (std::uint8_t*& piece : kept.pieces)
    if (piece != nullptr && size_of(piece) >= bytes) return Memory(std::exchange(piece, nullptr) + kHead);
  const std::size_t size = bytes > kMostKept ? bytes : std::max(bytes + bytes / 2, std::size_t{1} << 18);
  auto* piece = new std::uint8_t[kHead + size];
  std::memcpy(piece, &size, sizeof size);
  return Memory(piece + kHead);
}

void Reuse::operator()(std::uint8_t* memory) const {
  std::uint8_t* piece = memory - kHead;
  if (size_of(piece) <= kMostKept) {
    std::uint8_t** place = std::find(std::begin(kept.pieces), std::end(kept.pieces), nullptr);
    if (place == std::end(kept.pieces)) place = &kept.pieces[kept.next++ % std::size(kept.pieces)];
    std::swap(*place, piece);
  }
  delete[] piece;  // this one, the one whose place it took, or null
}

}  // namespace vicinal::image
