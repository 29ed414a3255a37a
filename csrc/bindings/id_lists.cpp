// Making lists of ids and reading ids from whatever Python has.
#include "bindings/id_lists.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include "decoder/decoder.h"

namespace py = pybind11;

namespace bpe::bindings {
namespace {

std::string type_name(py::handle object) { return Py_TYPE(object.ptr())->tp_name; }

// Gives a buffer back when it goes out of scope.
struct HeldBuffer {
  Py_buffer buffer{};
  explicit HeldBuffer(py::handle object) {
    if (PyObject_GetBuffer(object.ptr(), &buffer, PyBUF_STRIDED_RO | PyBUF_FORMAT) != 0) {
      throw py::error_already_set();
    }
  }
  ~HeldBuffer() { PyBuffer_Release(&buffer); }
  HeldBuffer(const HeldBuffer&) = delete;
  HeldBuffer& operator=(const HeldBuffer&) = delete;
};

template <class Int>
std::vector<std::uint32_t> copy_ids(const Py_buffer& buffer) {
  const auto count = static_cast<std::size_t>(buffer.shape[0]);
  const char* item = static_cast<const char*>(buffer.buf);
  std::vector<std::uint32_t> ids(count);
  for (std::size_t index = 0; index < count; ++index, item += buffer.strides[0]) {
    Int value;
    std::memcpy(&value, item, sizeof value);
    ids[index] = static_cast<std::uint32_t>(value);
    if (!std::in_range<std::uint32_t>(value)) refuse_id(index, std::to_string(value));
  }
  return ids;
}

template <class Signed>
std::vector<std::uint32_t> copy_ids(const Py_buffer& buffer, bool is_signed) {
  return is_signed ? copy_ids<Signed>(buffer) : copy_ids<std::make_unsigned_t<Signed>>(buffer);
}

enum class Items { integers, not_integers, unknown };

// What the struct-module format of a buffer says; a prefix other than native order is unknown.
Items items_of(std::string_view format, bool& is_signed) {
  if (!format.empty() && (format[0] == '@' || format[0] == '=' || format[0] == '<')) {
    format.remove_prefix(1);
  }
  if (format.size() != 1) return Items::unknown;
  is_signed = std::string_view("bhilqn").find(format[0]) != std::string_view::npos;
  if (is_signed || std::string_view("BHILQN").find(format[0]) != std::string_view::npos) {
    return Items::integers;
  }
  return std::string_view("?efdg").find(format[0]) != std::string_view::npos ? Items::not_integers
                                                                             : Items::unknown;
}

// Reads an array through the buffer protocol; false when its items have to be asked one by one.
bool read_array(py::handle array, std::vector<std::uint32_t>& ids) {
  const HeldBuffer held(array);
  const Py_buffer& buffer = held.buffer;
  if (buffer.ndim != 1) {
    const std::string message = "ids must have one dimension, not " + std::to_string(buffer.ndim);
    if (buffer.ndim == 0) throw py::type_error(message);
    throw py::value_error(message + "; decode_batch takes several rows");
  }
  bool is_signed = false;
  const std::string_view format = buffer.format == nullptr ? "B" : buffer.format;
  const Items items = items_of(format, is_signed);
  if (items == Items::not_integers) {
    throw py::type_error("ids must be integers, not an array of format '" + std::string(format) +
                         "'");
  }
  if (items == Items::unknown) return false;
  switch (buffer.itemsize) {
    case 1: ids = copy_ids<std::int8_t>(buffer, is_signed); return true;
    case 2: ids = copy_ids<std::int16_t>(buffer, is_signed); return true;
    case 4: ids = copy_ids<std::int32_t>(buffer, is_signed); return true;
    case 8: ids = copy_ids<std::int64_t>(buffer, is_signed); return true;
    default: return false;
  }
}

std::string text_of_int(py::handle value) {
  const auto text = py::reinterpret_steal<py::object>(PyObject_Str(value.ptr()));
  if (text) return text.cast<std::string>();
  PyErr_Clear();  // Python does not print an int of more than 4,300 digits
  return "an integer of thousands of digits";
}

}  // namespace

IntTable::IntTable(std::uint32_t max_id) {
  const std::size_t count = std::min<std::size_t>(std::size_t{max_id} + 1, kMaxInts);
  ints_ = std::vector<std::atomic<PyObject*>>(count);
}

IntTable::~IntTable() {
  for (const auto& each : ints_) Py_XDECREF(each.load());
}

// Several threads may make the same one at once where there is no GIL: the first is kept.
PyObject* IntTable::make(std::uint32_t id) const {
  PyObject* made = PyLong_FromUnsignedLong(id);
  if (made == nullptr) throw py::error_already_set();
  PyObject* kept = nullptr;
  if (ints_[id].compare_exchange_strong(kept, made, std::memory_order_acq_rel)) return made;
  Py_DECREF(made);
  return kept;
}

py::list IntTable::to_list(std::span<const std::uint32_t> ids) const {
  py::list list(ids.size());
  for (std::size_t index = 0; index < ids.size(); ++index) {
    const std::uint32_t id = ids[index];
    PyObject* item = nullptr;
    if (id < ints_.size()) [[likely]] {
      item = ints_[id].load(std::memory_order_acquire);
      if (item == nullptr) item = make(id);
      Py_INCREF(item);
    } else {
      item = py::int_(id).release().ptr();
    }
    PyList_SET_ITEM(list.ptr(), static_cast<Py_ssize_t>(index), item);
  }
  return list;
}

std::uint32_t read_id(py::handle id, std::size_t index) {
  if (PyBool_Check(id.ptr()) || !PyIndex_Check(id.ptr())) {
    throw py::type_error("ids[" + std::to_string(index) + "] is a " + type_name(id) +
                         ", not an integer");
  }
  const auto number = py::reinterpret_steal<py::object>(PyNumber_Index(id.ptr()));
  if (!number) {
    py::raise_from(PyExc_TypeError,
                   ("ids[" + std::to_string(index) + "] is not an integer").c_str());
    throw py::error_already_set();
  }
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(number.ptr(), &overflow);
  if (overflow != 0 || !std::in_range<std::uint32_t>(value)) refuse_id(index, text_of_int(number));
  return static_cast<std::uint32_t>(value);
}

std::vector<std::uint32_t> read_ids(py::handle object) {
  std::vector<std::uint32_t> ids;
  if (PyUnicode_Check(object.ptr())) throw py::type_error("ids must be integers, not a str");
  if (PyObject_CheckBuffer(object.ptr()) != 0 && read_array(object, ids)) return ids;
  const auto items = py::reinterpret_steal<py::object>(
      PySequence_Fast(object.ptr(), "ids must be a sequence of integers"));
  if (!items) throw py::error_already_set();
  ids.reserve(static_cast<std::size_t>(PySequence_Fast_GET_SIZE(items.ptr())));
  // An item's __index__ may change the list that it comes from: look at the size each time, and
  // hold the item.
  for (Py_ssize_t index = 0; index < PySequence_Fast_GET_SIZE(items.ptr()); ++index) {
    const auto item =
        py::reinterpret_borrow<py::object>(PySequence_Fast_GET_ITEM(items.ptr(), index));
    ids.push_back(read_id(item, static_cast<std::size_t>(index)));
  }
  return ids;
}

}  // namespace bpe::bindings
