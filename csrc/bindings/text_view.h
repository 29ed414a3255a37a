// The bytes of a Python object, held still while C++ reads them.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "bindings/in_use.h"

namespace bpe::bindings {

// Of bytes, a str (its UTF-8), or a contiguous buffer of single bytes: bytearray, memoryview, a
// numpy array, a buffer of Arrow. Of a str that is not ASCII, Python makes the UTF-8 once and keeps
// it with the str. A buffer that can be written is copied: the GIL is released while its bytes are
// read, more than once, and what an encoder remembers of a text that changed meanwhile would be
// wrong for others too. Lone surrogates are repaired as in bpe/text.py.
class TextView {
 public:
  // Raises TypeError for anything else.
  explicit TextView(pybind11::handle object);

  std::string_view bytes() const noexcept { return bytes_; }

 private:
  pybind11::object owner_;
  std::string_view bytes_;
};

// Several texts at once, held together: of an iterable, or of a DocumentBatch without a copy.
class Texts {
 public:
  // Raises as TextView does, with the index of the text; RuntimeError for a batch that somebody
  // changes.
  explicit Texts(const pybind11::iterable& objects);

  std::span<const std::string_view> views() const noexcept { return views_; }
  std::size_t num_bytes() const noexcept { return num_bytes_; }

 private:
  std::vector<TextView> held_;
  pybind11::object batch_;
  std::optional<SharedUse> use_;  // of the batch
  std::vector<std::string_view> views_;
  std::size_t num_bytes_ = 0;
};

}  // namespace bpe::bindings
