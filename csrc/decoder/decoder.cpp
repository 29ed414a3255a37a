// Joining the bytes of tokens.
#include "decoder/decoder.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/errors.h"

namespace bpe {

void refuse_id(std::size_t index, std::string_view value) {
  throw Error(ErrorKind::decode, "ids[" + std::to_string(index) + "] is " + std::string(value) +
                                     ", which is no token of this vocabulary");
}

std::uint64_t Decoder::size_of(std::span<const std::uint32_t> ids) const {
  std::uint64_t size = 0;
  for (std::size_t index = 0; index < ids.size(); ++index) {
    const std::string_view bytes = bytes_of(ids[index]);
    if (bytes.data() == nullptr) refuse_id(index, std::to_string(ids[index]));
    size += bytes.size();
  }
  return size;
}

void Decoder::write(std::span<const std::uint32_t> ids, std::span<char> out) const noexcept {
  // A token is copied as 16 bytes at once where they fit: what is too much the next one overwrites.
  constexpr std::size_t kCopy = 16;
  constexpr std::size_t kAhead = 16;
  char* to = out.data();
  char* const end = to + out.size();
  for (std::size_t index = 0; index < ids.size(); ++index) {
    __builtin_prefetch(bytes_of(ids[std::min(index + kAhead, ids.size() - 1)]).data());
    const std::string_view bytes = bytes_of(ids[index]);
    if (bytes.size() <= kCopy && static_cast<std::size_t>(end - to) >= kCopy) {
      std::memcpy(to, bytes.data(), kCopy);
    } else {
      std::memcpy(to, bytes.data(), bytes.size());
    }
    to += bytes.size();
  }
}

}  // namespace bpe
