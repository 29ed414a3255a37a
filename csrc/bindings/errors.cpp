// The one map from C++ errors to the classes of bpe/errors.py.
#include "base/errors.h"

#include <pybind11/pybind11.h>

#include <cerrno>

#include "base/file_reader.h"
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
    case ErrorKind::format: return "FormatError";
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
    } catch (const FileError& error) {
      // Python chooses the class by the number: FileNotFoundError, PermissionError, ...
      const py::object path = py::reinterpret_steal<py::object>(PyUnicode_DecodeFSDefaultAndSize(
          error.path().data(), static_cast<Py_ssize_t>(error.path().size())));
      errno = error.code().value();
      PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, path.ptr());
    }
  });
}

}  // namespace bpe::bindings
