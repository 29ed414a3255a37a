// The second half of the hot loop: looking a batch of packed keys up.
#include "counting/short_table.h"

namespace bpe {

// An empty key finds the empty slot kNowhere and is counted there, where nobody looks.
void ShortTable::count(const KeyBatch& batch) noexcept {
  ShortSlot* const slots = table_.slots();
  const PretokenKey* const keys = batch.keys().data();
  const std::uint32_t* const homes = batch.homes().data();
  const std::size_t size = batch.size();
  for (std::size_t i = 0; i < size; ++i) {
    ShortSlot& home = slots[homes[i]];
    if (home.key == keys[i]) [[likely]] {
      ++home.count;
    } else {
      table_.add_away_from_home({keys[i], 1, 0}, home);
    }
  }
}

}  // namespace bpe
