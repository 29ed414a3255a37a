// Binds the readers of corpora: the class DocumentBatch, which they fill and the engines count.
#include "corpora/document_batch.h"

#include <pybind11/critical_section.h>
#include <pybind11/pybind11.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/errors.h"
#include "bindings/in_use.h"
#include "bindings/stages.h"
#include "corpora/arrow_abi.h"
#include "corpora/arrow_column.h"
#include "corpora/json_lines.h"

namespace py = pybind11;

namespace bpe::bindings {
namespace {

constexpr const char* kName = kDocumentBatch;

// A Python object as an owner: a batch may die where the GIL is not held.
std::shared_ptr<const void> owner_of(const py::object& object) {
  PyObject* const pointer = object.inc_ref().ptr();
  return {pointer, [](const void* owned) {
            const py::gil_scoped_acquire gil;
            Py_DECREF(static_cast<PyObject*>(const_cast<void*>(owned)));
          }};
}

std::string_view view_of(const py::bytes& bytes) {
  return {PyBytes_AS_STRING(bytes.ptr()), static_cast<std::size_t>(PyBytes_GET_SIZE(bytes.ptr()))};
}

void add(DocumentBatch& batch, const py::bytes& document) {
  const ExclusiveUse use(&batch, kName);
  batch.keep(owner_of(document));
  batch.add(view_of(document));
}

// The UTF-8 of a str, as bytes that somebody has to own; null if it holds half a surrogate pair.
py::object encoded(PyObject* text) {
  PyObject* const bytes = PyUnicode_AsUTF8String(text);
  if (bytes == nullptr) {
    if (PyErr_ExceptionMatches(PyExc_UnicodeEncodeError) == 0) throw py::error_already_set();
    PyErr_Clear();
  }
  return py::reinterpret_steal<py::object>(bytes);
}

// The text of an item: itself, or a field of a dict. Null if there is no such field.
py::object text_of(const py::object& item, const py::str& field) {
  if (PyDict_CheckExact(item.ptr()) == 0) return item;
  // Where there is no GIL, another thread may take the text out before we have hold of it.
  const py::scoped_critical_section held(item);
  PyObject* const text = PyDict_GetItemWithError(item.ptr(), field.ptr());
  if (text == nullptr && PyErr_Occurred() != nullptr) throw py::error_already_set();
  return py::reinterpret_borrow<py::object>(text);
}

// Adds a text and what keeps it alive; false if it is none that is usual. Of a str that is ASCII,
// and of bytes, nothing is copied.
bool add_text(DocumentBatch& batch, PyObject* text, py::list& owners) {
  if (PyBytes_Check(text)) {
    owners.append(py::handle(text));
    batch.add(view_of(py::reinterpret_borrow<py::bytes>(text)));
  } else if (PyUnicode_Check(text) && PyUnicode_IS_ASCII(text)) {
    owners.append(py::handle(text));
    batch.add({reinterpret_cast<const char*>(PyUnicode_1BYTE_DATA(text)),
               static_cast<std::size_t>(PyUnicode_GET_LENGTH(text))});
  } else if (const py::object bytes = PyUnicode_Check(text) ? encoded(text) : py::object()) {
    owners.append(bytes);
    batch.add(view_of(py::reinterpret_borrow<py::bytes>(bytes)));
  } else {
    return false;
  }
  return true;
}

// Pulls items until one is no plain text, so many came, or so many bytes. Each is read before the
// next is asked for, since an iterator may yield the same dict again and again. Returns how many
// were added, and a list of the item that was not; nothing instead of a list at the end.
py::tuple add_items(DocumentBatch& batch, const py::object& iterator, py::ssize_t max_items,
                    std::uint64_t max_bytes, const py::str& field) {
  if (PyIter_Check(iterator.ptr()) == 0) throw py::type_error("this is no iterator");
  const ExclusiveUse use(&batch, kName);
  py::list owners;
  batch.keep(owner_of(owners));
  const std::uint64_t enough = batch.num_bytes() + max_bytes;
  py::ssize_t num_items = 0;
  while (num_items < max_items && batch.num_bytes() < enough) {
    const auto item = py::reinterpret_steal<py::object>(PyIter_Next(iterator.ptr()));
    if (!item) {
      if (PyErr_Occurred() != nullptr) throw py::error_already_set();
      return py::make_tuple(num_items, py::none());
    }
    const py::object text = text_of(item, field);
    if (!text || !add_text(batch, text.ptr(), owners)) {
      py::list other;
      other.append(item);
      return py::make_tuple(num_items, other);
    }
    ++num_items;
  }
  return py::make_tuple(num_items, py::list());
}

py::tuple add_lines_of_json(DocumentBatch& batch, const py::bytes& data, std::size_t offset,
                            const std::string& field) {
  const std::string_view bytes = view_of(data);
  if (offset > bytes.size()) throw py::value_error("the offset lies behind the data");
  const ExclusiveUse use(&batch, kName);
  JsonLinesStop stop;
  {
    const py::gil_scoped_release release;
    stop = add_json_lines(batch, bytes, offset, field);
  }
  return py::make_tuple(stop.offset, stop.num_lines);
}

std::size_t add_parts(DocumentBatch& batch, const py::bytes& data, const py::bytes& separator,
                      bool keep_separator) {
  if (view_of(separator).empty()) throw py::value_error("the separator is empty");
  const ExclusiveUse use(&batch, kName);
  batch.keep(owner_of(data));
  const py::gil_scoped_release release;
  return add_separated(batch, view_of(data), view_of(separator), keep_separator);
}

// Takes a struct of Arrow over from a capsule, which is left empty; it is released when unused.
template <class Struct>
std::shared_ptr<Struct> take_over(const py::capsule& capsule, const char* name) {
  const py::scoped_critical_section held(capsule);  // only one thread gets it
  auto* const source = static_cast<Struct*>(PyCapsule_GetPointer(capsule.ptr(), name));
  if (source == nullptr) throw py::error_already_set();
  if (source->release == nullptr) {
    throw Error(ErrorKind::corpus, std::string("an Arrow capsule (") + name +
                                       ") was read before; make a new one to read it again");
  }
  std::shared_ptr<Struct> taken(new Struct(*source), [](Struct* owned) {
    if (owned->release != nullptr) owned->release(owned);
    delete owned;
  });
  source->release = nullptr;
  return taken;
}

std::uint64_t add_arrow_array(DocumentBatch& batch, const py::capsule& schema,
                              const py::capsule& array, const std::string& field) {
  const auto taken_schema = take_over<arrow::Schema>(schema, "arrow_schema");
  const auto taken_array = take_over<arrow::Array>(array, "arrow_array");
  const ExclusiveUse use(&batch, kName);
  batch.keep(taken_array);
  return arrow::add_column(batch, *taken_schema, *taken_array, field);
}

// A stream of Arrow arrays, read one at a time.
class ArrowStream {
 public:
  explicit ArrowStream(const py::capsule& capsule)
      : stream_(take_over<arrow::ArrayStream>(capsule, "arrow_array_stream")) {
    check(stream_->get_schema(stream_.get(), schema_.get()));
  }

  // The number of nulls left out of the next array, or nothing at the end. The producer may run
  // threads that need the GIL, so it is asked without.
  py::object read(DocumentBatch& batch, const std::string& field) {
    const ExclusiveUse use_stream(this, "stream of Arrow arrays");
    const ExclusiveUse use_batch(&batch, kName);
    const auto array = make_empty<arrow::Array>();
    int status;
    {
      const py::gil_scoped_release release;
      status = stream_->get_next(stream_.get(), array.get());
    }
    check(status);
    if (array->release == nullptr) return py::none();
    batch.keep(array);
    return py::int_(arrow::add_column(batch, *schema_, *array, field));
  }

 private:
  template <class Struct>
  static std::shared_ptr<Struct> make_empty() {
    return {new Struct{}, [](Struct* owned) {
              if (owned->release != nullptr) owned->release(owned);
              delete owned;
            }};
  }

  void check(int status) {
    if (PyErr_Occurred() != nullptr) throw py::error_already_set();
    if (status == 0) return;
    const char* const text = stream_->get_last_error(stream_.get());
    throw Error(ErrorKind::corpus, "a stream of Arrow arrays failed: " +
                                       std::string(text == nullptr ? "no reason given" : text));
  }

  std::shared_ptr<arrow::ArrayStream> stream_;
  std::shared_ptr<arrow::Schema> schema_ = make_empty<arrow::Schema>();
};

std::size_t num_documents(const DocumentBatch& batch) {
  const SharedUse use(&batch, kName);
  return batch.documents().size();
}

std::uint64_t num_bytes(const DocumentBatch& batch) {
  const SharedUse use(&batch, kName);
  return batch.num_bytes();
}

py::bytes document_at(const DocumentBatch& batch, py::ssize_t index) {
  const SharedUse use(&batch, kName);
  const auto size = static_cast<py::ssize_t>(batch.documents().size());
  if (index < 0) index += size;
  if (index < 0 || index >= size) throw py::index_error("there is no such document");
  const std::string_view document = batch.documents()[static_cast<std::size_t>(index)];
  return {document.data(), document.size()};
}

py::object invalid_utf8(const DocumentBatch& batch, std::size_t first) {
  const SharedUse use(&batch, kName);
  std::optional<BytePlace> place;
  {
    const py::gil_scoped_release release;
    place = find_invalid_utf8(batch, first);
  }
  if (!place) return py::none();
  return py::make_tuple(place->document, place->offset);
}

}  // namespace

void bind_corpora(py::module_& module) {
  py::class_<BufferPool, std::shared_ptr<BufferPool>>(
      module, "BufferPool", py::is_final(), "Memory that one batch after the other may use.")
      .def(py::init<>());
  py::class_<DocumentBatch>(module, "DocumentBatch", py::is_final(),
                            "Documents as views of bytes that are kept alive, not copied.")
      .def(py::init([](std::shared_ptr<BufferPool> pool) {
             return std::make_unique<DocumentBatch>(pool ? std::move(pool)
                                                         : std::make_shared<BufferPool>());
           }),
           py::arg("pool") = py::none())
      .def("add", &add, py::arg("document"))
      .def("add_items", &add_items, py::arg("iterator"), py::arg("max_items"), py::arg("max_bytes"),
           py::arg("field"),
           "Add str, bytes and dicts of an iterator; return how many, and [the item] that is "
           "something else, [] when so many came, or None at the end.")
      .def("add_json_lines", &add_lines_of_json, py::arg("data"), py::arg("offset"),
           py::arg("field"),
           "Add the field of each line; return the offset of the first unusual line, and the "
           "number of lines before it.")
      .def("add_separated", &add_parts, py::arg("data"), py::arg("separator"),
           py::arg("keep_separator"),
           "Cut after every separator; return the offset of what follows the last.")
      .def("add_arrow_array", &add_arrow_array, py::arg("schema"), py::arg("array"),
           py::arg("field"), "Add a column or an array; return the number of nulls left out.")
      .def("find_invalid_utf8", &invalid_utf8, py::arg("first") = 0,
           "Return (document, offset) of the first byte that is not UTF-8, or None.")
      .def("__len__", &num_documents)
      .def("__iter__",
           [](const py::object& self) {
             return py::reinterpret_steal<py::object>(PySeqIter_New(self.ptr()));
           })
      .def("__getitem__", &document_at, py::arg("index"))
      .def_property_readonly("num_bytes", &num_bytes);
  py::class_<ArrowStream>(module, "ArrowStream", py::is_final(),
                          "A stream of Arrow arrays, taken over from a capsule.")
      .def(py::init<const py::capsule&>(), py::arg("capsule"))
      .def("read", &ArrowStream::read, py::arg("batch"), py::arg("field"),
           "Add the next array; return the number of its nulls, or None at the end.");
}

}  // namespace bpe::bindings
