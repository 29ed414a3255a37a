// From window to window: how far they overlap, how wide they are, where they join.
#include "encoder/window_merger.h"

#include <algorithm>

namespace bpe {
namespace {

// Bytes. Random letters, cl100k: 24 and 48 are a third slower, 64 twice as slow.
constexpr std::size_t kFirstWidth = 32;
constexpr std::size_t kFirstOverlap = 8;
// A window of fewer tokens is made wider, one of more narrower.
constexpr std::size_t kFewTokens = 6;
constexpr std::size_t kManyTokens = 24;
// Less than a millisecond.
constexpr std::size_t kWindowsBetweenChecks = 64;

}  // namespace

bool WindowMerger::merge(std::string_view bytes, IdBuffer& out, const Progress& progress) {
  const std::size_t size_before = out.size();
  width_ = kFirstWidth;
  done_ = 0;
  fill(window_, bytes, 0);
  for (std::size_t step = 1; window_.end < bytes.size(); ++step) {
    if (step % kWindowsBetweenChecks == 0) progress.check();
    if (!move_on(bytes, out)) {
      out.set_size(size_before);
      return false;
    }
  }
  out.reserve_more(window_.tokens.size());
  for (std::size_t i = done_; i < window_.tokens.size(); ++i) out.push_back(window_.tokens[i].id);
  return true;
}

void WindowMerger::fill(Window& window, std::string_view bytes, std::size_t begin) {
  const std::string_view part = bytes.substr(begin, width_);
  window.tokens.clear();
  window.end = begin + part.size();
  for (const std::uint32_t id : scan_.merge(part)) {
    window.tokens.push_back({id, begin});
    begin += vocabulary_.tokens.bytes_of(id).size();
  }
}

// Tries the next window with more and more overlap, then with more and more width.
bool WindowMerger::move_on(std::string_view bytes, IdBuffer& out) {
  adapt_width();
  const auto& tokens = window_.tokens;
  for (std::size_t overlap = kFirstOverlap;; overlap *= 2) {
    std::size_t from = tokens.size() - 1;
    while (from > done_ && tokens[from].begin + overlap > window_.end) --from;
    // It must end further on.
    while (tokens[from].begin + width_ <= window_.end) {
      if (!widen()) return false;
    }
    fill(next_, bytes, tokens[from].begin);
    if (join(from, out)) return true;
    if (from == done_ && !widen()) return false;
  }
}

// Looks for a token that both windows have, of window_ from `from` on. Appends what comes before it
// and goes on with the next window.
bool WindowMerger::join(std::size_t from, IdBuffer& out) {
  if (next_.tokens.front().begin == 0) {  // the first window again, only wider
    std::swap(window_, next_);
    return true;
  }
  const auto& old = window_.tokens;
  std::size_t i = from, j = 0;
  while (i < old.size() && j < next_.tokens.size()) {
    if (old[i].begin == next_.tokens[j].begin) {
      if (old[i].id == next_.tokens[j].id) break;
      ++i, ++j;
    } else {
      old[i].begin < next_.tokens[j].begin ? ++i : ++j;
    }
  }
  if (i == old.size() || j == next_.tokens.size()) return false;
  out.reserve_more(i - done_);
  for (std::size_t k = done_; k < i; ++k) out.push_back(old[k].id);
  std::swap(window_, next_);
  done_ = j;
  return true;
}

bool WindowMerger::widen() {
  width_ *= 2;
  return width_ <= kMaxScanBytes;
}

void WindowMerger::adapt_width() noexcept {
  if (window_.tokens.size() < kFewTokens) {
    width_ = std::min(2 * width_, kMaxScanBytes);
  } else if (window_.tokens.size() > kManyTokens) {
    width_ = std::max(width_ / 2, kFirstWidth);
  }
}

}  // namespace bpe
