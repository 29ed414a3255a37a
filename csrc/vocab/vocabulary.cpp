// Checking that tokens and merges belong together.
#include "vocab/vocabulary.h"

#include <string>
#include <utility>

#include "base/errors.h"

namespace bpe {
namespace {

std::array<std::uint32_t, 256> find_byte_ids(const TokenTable& tokens) {
  std::array<std::uint32_t, 256> byte_ids{};
  for (int byte = 0; byte < 256; ++byte) {
    const char text = static_cast<char>(byte);
    const auto id = tokens.find({&text, 1});
    if (!id) {
      throw Error(ErrorKind::vocabulary,
                  "the single byte " + std::to_string(byte) +
                      " is not a token; a byte-level vocabulary has all 256");
    }
    byte_ids[static_cast<std::size_t>(byte)] = *id;
  }
  return byte_ids;
}

void check_ids(const TokenTable& tokens, std::span<const std::uint32_t> column) {
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (tokens.bytes_of(column[row]).data() != nullptr) continue;
    throw Error(ErrorKind::vocabulary, "merge " + std::to_string(row) + " names id " +
                                           std::to_string(column[row]) + ", which is no token");
  }
}

}  // namespace

Vocabulary::Vocabulary(std::shared_ptr<const TokenTable> token_table, const MergeColumns& columns,
                       bool whole_first)
    : held(std::move(token_table)),
      tokens(*held),
      merges(columns),
      byte_ids(find_byte_ids(tokens)),
      whole_pretoken_first(whole_first) {
  check_ids(tokens, columns.left);
  check_ids(tokens, columns.right);
  check_ids(tokens, columns.new_id);
}

}  // namespace bpe
