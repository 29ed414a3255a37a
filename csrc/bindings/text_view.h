// The bytes of a Python object, held still while C++ reads them.
#pragma once

#include <pybind11/pybind11.h>

#include <string_view>

namespace bpe::bindings {

// Of bytes, bytearray, a contiguous memoryview of bytes, or a str (its UTF-8). Nothing is copied
// but a str that is not ASCII. A bytearray cannot be resized as long as its view lives; who changes
// its bytes meanwhile gets ids of some mixture, and no worse.
class TextView {
 public:
  // Raises TypeError for anything else, UnicodeEncodeError for a str with lone surrogates.
  explicit TextView(pybind11::handle object);

  std::string_view bytes() const noexcept { return bytes_; }

 private:
  pybind11::object owner_;
  std::string_view bytes_;
};

}  // namespace bpe::bindings
