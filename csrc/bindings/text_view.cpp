// Taking hold of the bytes of Python objects.
#include "bindings/text_view.h"

#include <string>

namespace py = pybind11;

namespace bpe::bindings {
namespace {

std::string_view view_of_bytes(py::handle bytes) {
  return {PyBytes_AS_STRING(bytes.ptr()), static_cast<std::size_t>(PyBytes_GET_SIZE(bytes.ptr()))};
}

std::string_view view_of_ascii(py::handle text) {
  return {reinterpret_cast<const char*>(PyUnicode_1BYTE_DATA(text.ptr())),
          static_cast<std::size_t>(PyUnicode_GET_LENGTH(text.ptr()))};
}

py::object checked(PyObject* result) {
  if (result == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(result);
}

std::string_view view_of_memory(py::handle memory) {
  const Py_buffer* buffer = PyMemoryView_GET_BUFFER(memory.ptr());
  if (buffer->itemsize != 1 || PyBuffer_IsContiguous(buffer, 'C') == 0) {
    throw py::type_error("a memoryview must be contiguous and of single bytes to be encoded");
  }
  return {static_cast<const char*>(buffer->buf), static_cast<std::size_t>(buffer->len)};
}

}  // namespace

TextView::TextView(py::handle object) : owner_(py::reinterpret_borrow<py::object>(object)) {
  if (PyBytes_Check(object.ptr())) {
    bytes_ = view_of_bytes(owner_);
  } else if (PyUnicode_Check(object.ptr())) {
    if (PyUnicode_IS_ASCII(object.ptr())) {
      bytes_ = view_of_ascii(owner_);
    } else {
      owner_ = checked(PyUnicode_AsUTF8String(object.ptr()));
      bytes_ = view_of_bytes(owner_);
    }
  } else if (PyByteArray_Check(object.ptr()) || PyMemoryView_Check(object.ptr())) {
    owner_ = checked(PyMemoryView_FromObject(object.ptr()));
    bytes_ = view_of_memory(owner_);
  } else {
    throw py::type_error("only str, bytes, bytearray and memoryview can be encoded, not " +
                         std::string(Py_TYPE(object.ptr())->tp_name));
  }
}

}  // namespace bpe::bindings
