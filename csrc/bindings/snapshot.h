// The items of an iterable as they are when a call begins.
//
// A loop over pybind11's list keeps a bare pointer into the caller's own list. What happens in the
// loop can run Python: an item's __index__, the repair of a text, another thread that gets its turn
// meanwhile. When that shortens the list, the loop reads memory that is gone.
#pragma once

#include <pybind11/pybind11.h>

namespace bpe::bindings {

// A tuple, which nobody changes. O(items); without a GIL too, a list is copied at one moment.
inline pybind11::tuple snapshot_of(const pybind11::iterable& items) {
  auto tuple = pybind11::reinterpret_steal<pybind11::tuple>(PySequence_Tuple(items.ptr()));
  if (!tuple) throw pybind11::error_already_set();
  return tuple;
}

}  // namespace bpe::bindings
