// The memory of a Python object, through the buffer protocol.
#pragma once

#include <pybind11/pybind11.h>

namespace bpe::bindings {

// Given back when it goes out of scope, which needs the GIL.
class HeldBuffer {
 public:
  // `flags` are those of PyObject_GetBuffer. Throws what that raises.
  HeldBuffer(pybind11::handle object, int flags) {
    if (PyObject_GetBuffer(object.ptr(), &buffer_, flags) != 0) throw pybind11::error_already_set();
  }
  ~HeldBuffer() { PyBuffer_Release(&buffer_); }
  HeldBuffer(const HeldBuffer&) = delete;
  HeldBuffer& operator=(const HeldBuffer&) = delete;

  const Py_buffer& get() const noexcept { return buffer_; }

 private:
  Py_buffer buffer_{};
};

}  // namespace bpe::bindings
