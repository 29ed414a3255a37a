// Ids between Python and C++: lists of int, arrays of any integer type.
#pragma once

#include <pybind11/pybind11.h>

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "encoder/id_buffer.h"

namespace bpe::bindings {

// Python's int objects for the ids from 0 on, each made when it is first needed and kept: a list of
// ids is then a list of references. That is ten times as fast as making each int anew. Safe to
// share between threads.
//
// Counting one more reference touches the int, and those of a large vocabulary do not fit into the
// caches near the CPU: so ints are fetched while others are counted.
class IntTable {
 public:
  // For ids up to max_id, but not beyond kMaxInts: those are made when they are needed.
  explicit IntTable(std::uint32_t max_id);
  ~IntTable();
  IntTable(const IntTable&) = delete;
  IntTable& operator=(const IntTable&) = delete;

  pybind11::list to_list(std::span<const std::uint32_t> ids) const;

 private:
  static constexpr std::size_t kMaxInts = std::size_t{1} << 20;  // 40 MB

  // How many ids ahead of the one that is taken.
  static constexpr std::size_t kAhead = 16;

  void prefetch_slot(std::uint32_t id) const noexcept { __builtin_prefetch(ints_.data() + id); }
  void prefetch_int(std::uint32_t id) const noexcept {
    if (id < ints_.size()) __builtin_prefetch(ints_[id].load(std::memory_order_relaxed), 1);
  }
  PyObject* new_reference(std::uint32_t id) const;
  PyObject* make(std::uint32_t id) const;

  mutable std::vector<std::atomic<PyObject*>> ints_;
};

// The ids of a sequence of ints, of numpy integers, or of a one-dimensional integer array, copied.
// Raises TypeError naming the index for what is not an integer (a bool is none), ValueError for an
// array with more dimensions, DecodeError naming index and value for what cannot be an id.
IdBuffer read_ids(pybind11::handle ids);

// One id; raises as above.
std::uint32_t read_id(pybind11::handle id, std::size_t index);

}  // namespace bpe::bindings
