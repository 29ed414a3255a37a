// Arguments that more than one stage takes, checked and converted.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/errors.h"
#include "bindings/in_use.h"
#include "corpora/document_batch.h"
#include "pretokenizer/pretokenizer.h"

namespace bpe::bindings {

inline PatternId pattern_or_throw(const std::string& name) {
  if (const auto pattern = pattern_by_name(name)) return *pattern;
  std::string known;
  for (const std::string_view each : pattern_names()) {
    if (!each.empty()) known += (known.empty() ? "" : ", ") + std::string(each);
  }
  throw Error(ErrorKind::pattern,
              "the native engine has no scanner for the pattern '" + name + "'; it has " + known);
}

inline PatternId pattern_argument(const pybind11::handle& pattern) {
  if (!PyUnicode_Check(pattern.ptr())) {
    throw pybind11::type_error(std::string("pattern must be str, not ") +
                               Py_TYPE(pattern.ptr())->tp_name);
  }
  return pattern_or_throw(pybind11::cast<std::string>(pattern));
}

inline std::size_t at_least_one(const pybind11::handle& value, const char* name) {
  int overflow = 0;
  const bool is_int = PyLong_CheckExact(value.ptr());
  const long long number = is_int ? PyLong_AsLongLongAndOverflow(value.ptr(), &overflow) : 0;
  if (number < 1 || overflow != 0) {
    throw pybind11::value_error(std::string(name) + " must be an int of at least 1, not " +
                                std::string(pybind11::repr(value)));
  }
  return static_cast<std::size_t>(number);
}

inline std::string path_bytes(const pybind11::handle& path) {
  PyObject* converted = nullptr;
  if (PyUnicode_FSConverter(path.ptr(), &converted) == 0) throw pybind11::error_already_set();
  return pybind11::reinterpret_steal<pybind11::bytes>(converted);
}

// Views of several texts, which keep the Python objects alive. Whatever can change is copied, so
// the views may be read without the GIL. Of a str the UTF-8 bytes are taken.
class TextViews {
 public:
  // `name` is for error messages: TypeError when an item is no text, with its index.
  TextViews(const pybind11::object& texts, const char* name) {
    if (is_text(texts.ptr())) {
      throw pybind11::type_error(std::string(name) + " must be several texts, not a single " +
                                 type_name(texts) + "; put it into a list");
    }
    if (pybind11::isinstance<DocumentBatch>(texts)) {
      add_batch(texts);
      return;
    }
    for (const pybind11::handle item : texts) {
      add(pybind11::reinterpret_borrow<pybind11::object>(item), name);
    }
  }

  const std::vector<std::string_view>& views() const noexcept { return views_; }

 private:
  static std::string type_name(pybind11::handle object) { return Py_TYPE(object.ptr())->tp_name; }

  static bool is_text(PyObject* object) {
    return PyUnicode_Check(object) || PyObject_CheckBuffer(object);
  }

  // What is read into the batch meanwhile moves none of its documents.
  void add_batch(const pybind11::object& texts) {
    const auto& batch = pybind11::cast<const DocumentBatch&>(texts);
    const SharedUse use(&batch, "batch of documents");
    views_.assign(batch.documents().begin(), batch.documents().end());
    owners_.push_back(texts);
  }

  void add(pybind11::object item, const char* name) {
    if (!is_text(item.ptr())) {
      throw pybind11::type_error(std::string(name) + "[" + std::to_string(views_.size()) +
                                 "] must be bytes, not " + type_name(item));
    }
    if (PyUnicode_Check(item.ptr())) {
      Py_ssize_t size = 0;
      const char* const data = PyUnicode_AsUTF8AndSize(item.ptr(), &size);
      if (data == nullptr) throw pybind11::error_already_set();
      views_.emplace_back(data, static_cast<std::size_t>(size));
    } else {
      if (!PyBytes_Check(item.ptr())) {
        item = pybind11::reinterpret_steal<pybind11::object>(PyBytes_FromObject(item.ptr()));
        if (!item) throw pybind11::error_already_set();
      }
      views_.emplace_back(PyBytes_AS_STRING(item.ptr()),
                          static_cast<std::size_t>(PyBytes_GET_SIZE(item.ptr())));
    }
    owners_.push_back(std::move(item));
  }

  std::vector<pybind11::object> owners_;
  std::vector<std::string_view> views_;
};

}  // namespace bpe::bindings
