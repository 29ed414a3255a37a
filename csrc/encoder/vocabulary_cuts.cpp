// Collecting the contexts of all tokens.
#include "encoder/vocabulary_cuts.h"

#include <algorithm>

namespace bpe {
namespace {

constexpr std::size_t kAscii = 128;

// At most four bytes as a number. Only the first byte of the end or the beginning of a unit can be
// 0, so zeros do not hide a length.
std::uint32_t packed(std::string_view bytes) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return value;
}

std::size_t hash_of(std::uint64_t value, unsigned bits) noexcept {
  return (value ^ value >> 29) * 0x9E3779B97F4A7C15ull >> (64 - bits);
}

std::uint64_t context(std::string_view left, std::string_view right) noexcept {
  return std::uint64_t{packed(left)} << 32 | packed(right);
}

}  // namespace

VocabularyCuts::VocabularyCuts(const TokenTable& tokens)
    : lefts_(std::size_t{1} << kSideBits),
      rights_(std::size_t{1} << kSideBits),
      contexts_((std::size_t{1} << kContextBits) / 64),
      flags_(0x10000) {
  // Most tokens are ASCII and have the same contexts as others, so these are collected first.
  std::vector<bool> ascii_pairs(kAscii * kAscii);
  for (const std::uint32_t id : tokens.ids()) add_contexts(tokens.bytes_of(id), ascii_pairs);
  for (std::size_t pair = 0; pair < ascii_pairs.size(); ++pair) {
    const char bytes[] = {static_cast<char>(pair / kAscii), static_cast<char>(pair % kAscii)};
    if (ascii_pairs[pair]) add_context({bytes, 1}, {bytes + 1, 1});
  }
  make_flags();
}

void VocabularyCuts::add_contexts(std::string_view token, std::vector<bool>& ascii_pairs) {
  std::size_t begin = 0, end = unit_end(token, 0);
  while (end < token.size()) {
    const std::size_t next_end = unit_end(token, end);
    const std::string_view left = token.substr(begin, end - begin);
    const std::string_view right = token.substr(end, next_end - end);
    const auto first = static_cast<unsigned char>(left[0]);
    const auto second = static_cast<unsigned char>(right[0]);
    if (left.size() == 1 && right.size() == 1 && (first | second) < kAscii) {
      ascii_pairs[kAscii * first + second] = true;
    } else {
      add_context(left, right);
    }
    begin = end, end = next_end;
  }
}

void VocabularyCuts::add_context(std::string_view left, std::string_view right) {
  // Next to a longer unit nothing is ever cut: see find_flags and is_spanned.
  if (left.size() <= kMaxUnit) lefts_[hash_of(packed(left), kSideBits)] = true;
  if (right.size() <= kMaxUnit) rights_[hash_of(packed(right), kSideBits)] = true;
  if (left.size() <= kMaxUnit && right.size() <= kMaxUnit) {
    const std::size_t bit = hash_of(context(left, right), kContextBits);
    contexts_[bit / 64] |= std::uint64_t{1} << (bit % 64);
  }
}

void VocabularyCuts::make_flags() {
  for (std::uint32_t point = 0; point < flags_.size(); ++point) {
    char bytes[3];
    std::size_t size = 1;
    if (point < 0x80) {
      bytes[0] = static_cast<char>(point);
    } else if (point < 0x800) {
      bytes[0] = static_cast<char>(0xC0 | point >> 6);
      bytes[1] = static_cast<char>(0x80 | (point & 0x3F));
      size = 2;
    } else {
      bytes[0] = static_cast<char>(0xE0 | point >> 12);
      bytes[1] = static_cast<char>(0x80 | (point >> 6 & 0x3F));
      bytes[2] = static_cast<char>(0x80 | (point & 0x3F));
      size = 3;
    }
    flags_[point] = find_flags({bytes, size});
  }
}

// A unit of more than four bytes, which is not well-formed, has all flags.
std::uint8_t VocabularyCuts::find_flags(std::string_view unit) const noexcept {
  if (unit.size() > kMaxUnit) return 0xFF;
  unsigned flags = 0;
  for (std::size_t length = 1; length <= unit.size(); ++length) {
    if (lefts_[hash_of(packed(unit.substr(unit.size() - length)), kSideBits)]) {
      flags |= 1u << (length - 1);
    }
    if (rights_[hash_of(packed(unit.substr(0, length)), kSideBits)]) flags |= 0x10u << (length - 1);
  }
  return static_cast<std::uint8_t>(flags);
}

bool VocabularyCuts::is_spanned(std::string_view left, unsigned left_flags, std::string_view right,
                                unsigned right_flags) const noexcept {
  if (left.size() > kMaxUnit || right.size() > kMaxUnit) return true;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    if ((left_flags >> (i - 1) & 1) == 0) continue;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      if ((right_flags >> (j - 1) & 1) == 0) continue;
      const std::uint64_t key = context(left.substr(left.size() - i), right.substr(0, j));
      const std::size_t bit = hash_of(key, kContextBits);
      if (contexts_[bit / 64] >> (bit % 64) & 1) return true;
    }
  }
  return false;
}

const VocabularyCuts* LazyCuts::get() const {
  if (const VocabularyCuts* built = get_if_built()) return built;
  auto mine = std::make_unique<const VocabularyCuts>(tokens_);
  const VocabularyCuts* other = nullptr;
  if (!cuts_.compare_exchange_strong(other, mine.get(), std::memory_order_acq_rel)) return other;
  return mine.release();
}

}  // namespace bpe
