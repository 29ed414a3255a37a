// Judging the places at which a document could be cut.
#include "counting/cuts.h"

#include "base/errors.h"

namespace bpe {
namespace {

// More than any pattern looks at on either side of a cut.
constexpr std::size_t kPatternContext = 64;

SpecialFinder make_finder(const std::vector<std::string_view>& special_tokens) {
  std::vector<IdAndBytes> tokens;
  for (const std::string_view bytes : special_tokens) {
    if (bytes.empty()) throw Error(ErrorKind::special_token, "a special token must not be empty");
    tokens.emplace_back(static_cast<std::uint32_t>(tokens.size()), bytes);
  }
  return SpecialFinder(tokens);
}

std::size_t longest(const std::vector<std::string_view>& texts) {
  std::size_t length = 0;
  for (const std::string_view text : texts) length = std::max(length, text.size());
  return length;
}

// Whether an occurrence of a special token begins before the cut and ends after it.
bool special_hangs_over(const CountRules& rules, std::string_view view, std::size_t cut) {
  if (rules.special_tokens.empty()) return false;
  const std::size_t reach = rules.longest_special - 1;
  std::size_t from = cut - std::min(cut, reach);
  const std::string_view around = view.substr(0, std::min(view.size(), cut + reach));
  while (from < cut) {
    const auto match = rules.special_tokens.find_first(around.substr(from));
    if (!match || from + match->begin >= cut) return false;
    if (from + match->begin + match->length > cut) return true;
    from += match->begin + 1;
  }
  return false;
}

}  // namespace

CountRules::CountRules(PatternId pattern_id, const std::vector<std::string_view>& texts)
    : pattern(pattern_id), special_tokens(make_finder(texts)), longest_special(longest(texts)) {}

std::size_t cut_context(const CountRules& rules) {
  return std::max(kPatternContext, rules.longest_special);
}

std::optional<std::size_t> find_cut_in_view(const CountRules& rules, std::string_view view,
                                            std::size_t near, bool is_end) {
  const std::size_t unseen = is_end || rules.longest_special == 0 ? 0 : rules.longest_special - 1;
  const std::size_t last = view.size() - std::min(view.size(), unseen);
  const std::vector<SpecialMatch> specials = rules.special_tokens.find_all(view);
  auto special = specials.begin();
  std::size_t safe_cut = 0;
  while (near < view.size()) {
    while (special != specials.end() && special->begin < near) ++special;
    if (safe_cut < near) safe_cut = find_safe_cut(rules.pattern, view, near);
    std::size_t cut = safe_cut;
    if (special != specials.end()) cut = std::min(cut, special->begin);
    if (cut == view.size() || cut > last) return std::nullopt;
    if (!special_hangs_over(rules, view, cut)) return cut;
    near = cut + 1;
  }
  return std::nullopt;
}

}  // namespace bpe
