// The one map from C++ errors to the classes of bpe/errors.py.
#include "base/errors.h"

#include <pybind11/pybind11.h>

#include "bindings/stages.h"

namespace py = pybind11;

namespace bpe::bindings {
namespace {

const char* class_name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::training: return "TrainingError";
    case ErrorKind::pattern: return "PatternError";
    case ErrorKind::corpus: return "CorpusError";
    case ErrorKind::vocabulary: return "VocabularyError";
    case ErrorKind::special_token: return "SpecialTokenError";
    case ErrorKind::encode: return "EncodeError";
    case ErrorKind::decode: return "DecodeError";
  }
  throw std::logic_error("an ErrorKind has no Python class");
}

}  // namespace

void bind_errors(py::module_&) {
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const Error& error) {
      const py::object type = py::module_::import("bpe.errors").attr(class_name(error.kind()));
      PyErr_SetString(type.ptr(), error.what());
    }
  });
}

}  // namespace bpe::bindings
