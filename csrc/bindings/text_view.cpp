// Taking hold of the bytes of Python objects.
#include "bindings/text_view.h"

#include <optional>
#include <string>

#include "bindings/snapshot.h"
#include "corpora/document_batch.h"

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

// The UTF-8 of a str, which Python makes once and keeps with it. Nothing if it has lone surrogates.
std::optional<std::string_view> view_of_utf8(py::handle text) {
  Py_ssize_t size = 0;
  if (const char* utf8 = PyUnicode_AsUTF8AndSize(text.ptr(), &size)) {
    return std::string_view(utf8, static_cast<std::size_t>(size));
  }
  if (PyErr_ExceptionMatches(PyExc_UnicodeEncodeError) == 0) throw py::error_already_set();
  PyErr_Clear();
  return std::nullopt;
}

// What happens to lone surrogates has one home, and it is in Python.
py::object encoded_somehow(py::handle text) {
  return py::module_::import("bpe.text").attr("to_bytes")(text);
}

std::string_view view_of_memory(py::handle memory) {
  const Py_buffer* buffer = PyMemoryView_GET_BUFFER(memory.ptr());
  if (buffer->itemsize != 1 || PyBuffer_IsContiguous(buffer, 'C') == 0) {
    throw py::type_error("text in a buffer must be contiguous and of single bytes");
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
    } else if (const auto utf8 = view_of_utf8(object)) {
      bytes_ = *utf8;
    } else {
      owner_ = encoded_somehow(object);
      bytes_ = view_of_bytes(owner_);
    }
  } else if (PyObject_CheckBuffer(object.ptr()) != 0) {
    owner_ = checked(PyMemoryView_FromObject(object.ptr()));
    bytes_ = view_of_memory(owner_);
    if (PyMemoryView_GET_BUFFER(owner_.ptr())->readonly == 0) {
      owner_ =
          checked(PyBytes_FromStringAndSize(bytes_.data(), static_cast<Py_ssize_t>(bytes_.size())));
      bytes_ = view_of_bytes(owner_);
    }
  } else {
    throw py::type_error("text must be str or bytes, not " +
                         std::string(Py_TYPE(object.ptr())->tp_name));
  }
}

Texts::Texts(const py::iterable& objects) {
  if (py::isinstance<DocumentBatch>(objects)) {
    const auto& batch = objects.cast<const DocumentBatch&>();
    batch_ = objects;
    use_.emplace(&batch, kDocumentBatch);
    views_.assign(batch.documents().begin(), batch.documents().end());
    num_bytes_ = batch.num_bytes();
    return;
  }
  for (const py::handle object : snapshot_of(objects)) {
    try {
      held_.emplace_back(object);
    } catch (const py::type_error& error) {
      throw py::type_error("document " + std::to_string(held_.size()) + ": " + error.what());
    }
    views_.push_back(held_.back().bytes());
    num_bytes_ += views_.back().size();
  }
}

}  // namespace bpe::bindings
