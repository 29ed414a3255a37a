// The scalar machines as a kernel: one call per pretoken.
#include "pretokenizer/kernels.h"
#include "pretokenizer/scalar/machines.h"

namespace bpe {
namespace {

template <auto end_of>
std::size_t fill(std::string_view text, std::size_t& position, std::span<EndOffset> ends) {
  const std::size_t begin = position;
  std::size_t count = 0;
  while (count < ends.size() && position < text.size()) {
    const std::size_t end = end_of(text, position);
    if (count != 0 && end - begin >= kFarEnd) break;
    position = end;
    ends[count++] = scalar::end_offset(begin, end);
  }
  return count;
}

std::size_t whole_end(std::string_view text, std::size_t) noexcept { return text.size(); }

template <const scalar::Cl100kRules& rules>
std::size_t cl100k_family_end(std::string_view text, std::size_t begin) noexcept {
  return scalar::cl100k_end(text, begin, rules);
}

bool always() noexcept { return true; }

}  // namespace

const Kernel kScalarKernel = {
    "scalar",
    always,
    {fill<whole_end>, fill<scalar::gpt2_end>, fill<cl100k_family_end<scalar::kCl100k>>,
     fill<cl100k_family_end<scalar::kLlama3>>, fill<scalar::o200k_end>,
     fill<cl100k_family_end<scalar::kQwen2>>, fill<cl100k_family_end<scalar::kNanochat>>},
};

}  // namespace bpe
