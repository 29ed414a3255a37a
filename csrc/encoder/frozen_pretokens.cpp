// Writing, checking and reading images of frozen pretokens.
#include "encoder/frozen_pretokens.h"

#include <bit>
#include <cstring>
#include <stdexcept>
#include <string>

#include "base/errors.h"

namespace bpe {
namespace {

static_assert(std::endian::native == std::endian::little, "an image is its words in memory order");

constexpr std::array<char, 8> kMagic = {'B', 'P', 'E', 'F', 'R', 'O', 'Z', 'N'};
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kLine = 64;
// Readers copy 16 bytes at a time, so the last record needs that many behind its first byte.
constexpr std::size_t kPaddingWords = 4;

constexpr std::uint32_t length_of(std::uint32_t head) noexcept { return head & 0xFF; }
constexpr std::uint32_t count_of(std::uint32_t head) noexcept { return head >> 8; }
constexpr std::size_t words_for(std::size_t num_bytes) noexcept { return (num_bytes + 3) / 4; }

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorKind::format, why); }

// Eight lanes, so that the multiplications overlap: as fast as memory. Each step is a bijection of
// its lane, so a single changed word is always found.
std::uint64_t checksum_of(std::span<const std::uint64_t> words) noexcept {
  std::array<std::uint64_t, 8> lanes{1, 2, 3, 4, 5, 6, 7, 8};
  for (std::size_t i = 0; i < words.size(); i += lanes.size()) {
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
      lanes[lane] = std::rotl((lanes[lane] ^ words[i + lane]) * 0x9E3779B97F4A7C15ull, 29);
    }
  }
  std::uint64_t sum = 0;
  for (const std::uint64_t lane : lanes) sum = (std::rotl(sum, 23) ^ lane) * 0xD6E8FEB86659FD93ull;
  return sum;
}

std::uint64_t checksum_of(FrozenHeader header, std::span<const std::uint64_t> body) noexcept {
  header.checksum = 0;
  std::array<std::uint64_t, sizeof header / 8> words;
  std::memcpy(words.data(), &header, sizeof header);
  return checksum_of(words) ^ std::rotl(checksum_of(body), 1);
}

FrozenHeader read_header(std::span<const std::byte> image) {
  FrozenHeader header;
  if (image.size() < sizeof header) refuse("it is too short to hold frozen pretokens");
  std::memcpy(&header, image.data(), sizeof header);
  if (header.magic != kMagic) refuse("it does not hold frozen pretokens");
  if (header.version != kVersion) {
    refuse("its version " + std::to_string(header.version) +
           " is unknown to this release, which reads version " + std::to_string(kVersion));
  }
  return header;
}

}  // namespace

FrozenPretokens::FrozenPretokens(std::span<const std::byte> image) {
  if (reinterpret_cast<std::uintptr_t>(image.data()) % alignof(std::uint64_t) != 0) {
    throw std::invalid_argument("an image of frozen pretokens must be aligned to 8 bytes");
  }
  const FrozenHeader header = read_header(image);
  const std::size_t body_size = image.size() - sizeof header;
  if (body_size % kLine != 0 || body_size / 4 != header.num_words) {
    refuse("it has " + std::to_string(image.size()) + " bytes, not as many as its header says");
  }
  const std::span<const std::uint64_t> body(
      reinterpret_cast<const std::uint64_t*>(image.data() + sizeof header), body_size / 8);
  if (checksum_of(header, body) != header.checksum) {
    refuse("its checksum is wrong: it was changed or damaged");
  }
  words_ = {reinterpret_cast<const std::uint32_t*>(body.data()), body_size / 4};
  num_pretokens_ = header.num_pretokens;
  content_hash_ = header.content_hash;
  check_records();
}

void FrozenPretokens::check_records() const {
  std::size_t place = 0;
  for (std::size_t i = 0; i < num_pretokens_; ++i) {
    if (place + kPaddingWords >= words_.size()) refuse("it ends inside of a record");
    const std::uint32_t length = length_of(words_[place]), count = count_of(words_[place]);
    if (length == 0 || length > kMaxFrozenBytes || count == 0 || count > length) {
      refuse("record " + std::to_string(i) + " is malformed");
    }
    place += 1 + words_for(length) + count;
  }
  if (place + kPaddingWords > words_.size()) refuse("it ends inside of a record");
}

FrozenPretoken FrozenPretokens::Reader::read() noexcept {
  const std::uint32_t length = length_of(*next_), count = count_of(*next_);
  const char* const bytes = reinterpret_cast<const char*>(next_ + 1);
  const std::uint32_t* const ids = next_ + 1 + words_for(length);
  next_ = ids + count;
  return {{bytes, length}, {ids, count}};
}

void FrozenWriter::add(std::string_view pretoken, std::span<const std::uint32_t> ids) {
  if (pretoken.empty() || pretoken.size() > kMaxFrozenBytes || ids.empty() ||
      ids.size() > pretoken.size()) {
    throw std::logic_error("such a pretoken cannot be frozen");
  }
  const std::size_t place = words_.size();
  words_.resize(place + 1 + words_for(pretoken.size()));
  words_[place] = static_cast<std::uint32_t>(pretoken.size() | ids.size() << 8);
  std::memcpy(words_.data() + place + 1, pretoken.data(), pretoken.size());
  words_.insert(words_.end(), ids.begin(), ids.end());
  ++num_pretokens_;
}

std::vector<std::uint64_t> FrozenWriter::finish(const ContentHash& content_hash) {
  const std::size_t body_size = ((words_.size() + kPaddingWords) * 4 + kLine - 1) / kLine * kLine;
  FrozenHeader header{kMagic, kVersion, num_pretokens_, body_size / 4, content_hash, 0};
  std::vector<std::uint64_t> image((sizeof header + body_size) / 8);
  const auto body = std::span(image).subspan(sizeof header / 8);
  if (!words_.empty()) std::memcpy(body.data(), words_.data(), words_.size() * 4);
  header.checksum = checksum_of(header, body);
  std::memcpy(image.data(), &header, sizeof header);
  *this = FrozenWriter();
  return image;
}

}  // namespace bpe
