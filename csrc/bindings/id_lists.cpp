// Making lists of ids and reading ids from whatever Python has.
#include "bindings/id_lists.h"

#include <pybind11/critical_section.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include "bindings/held_buffer.h"
#include "bindings/new_objects.h"
#include "decoder/decoder.h"

namespace py = pybind11;

namespace bpe::bindings {
namespace {

std::string type_name(py::handle object) { return Py_TYPE(object.ptr())->tp_name; }

template <class Int>
void copy_ids(const Py_buffer& buffer, std::uint32_t* ids) {
  const auto count = static_cast<std::size_t>(buffer.shape[0]);
  const char* item = static_cast<const char*>(buffer.buf);
  for (std::size_t index = 0; index < count; ++index, item += buffer.strides[0]) {
    Int value;
    std::memcpy(&value, item, sizeof value);
    ids[index] = static_cast<std::uint32_t>(value);
    if (!std::in_range<std::uint32_t>(value)) refuse_id(index, std::to_string(value));
  }
}

template <class Signed>
void copy_ids(const Py_buffer& buffer, bool is_signed, std::uint32_t* ids) {
  if (is_signed) return copy_ids<Signed>(buffer, ids);
  copy_ids<std::make_unsigned_t<Signed>>(buffer, ids);
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
bool read_array(py::handle array, IdBuffer& ids) {
  const HeldBuffer held(array, PyBUF_STRIDED_RO | PyBUF_FORMAT);
  const Py_buffer& buffer = held.get();
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
  const auto count = static_cast<std::size_t>(buffer.shape[0]);
  ids.reserve_more(count);
  switch (buffer.itemsize) {
    case 1: copy_ids<std::int8_t>(buffer, is_signed, ids.data()); break;
    case 2: copy_ids<std::int16_t>(buffer, is_signed, ids.data()); break;
    case 4: copy_ids<std::int32_t>(buffer, is_signed, ids.data()); break;
    case 8: copy_ids<std::int64_t>(buffer, is_signed, ids.data()); break;
    default: return false;
  }
  ids.set_size(count);
  return true;
}

// The value of an int of one digit, which every id below 2^30 is; negative for anything else. It
// runs no code of Python's.
std::int64_t small_value(PyObject* object) noexcept {
  if (!PyLong_CheckExact(object)) return -1;
  const auto* number = reinterpret_cast<const PyLongObject*>(object);
#if PY_VERSION_HEX >= 0x030C0000
  return PyUnstable_Long_IsCompact(number) ? PyUnstable_Long_CompactValue(number) : -1;
#else
  const Py_ssize_t num_digits = Py_SIZE(number);
  if (num_digits == 1) return number->ob_digit[0];
  return num_digits == 0 ? 0 : -1;
#endif
}

// Reads items of one digit from `first` on, as far as there are any, and returns how far that was.
std::size_t read_small_ints(std::span<PyObject*> items, std::size_t first, std::uint32_t* ids) {
  constexpr std::size_t kAhead = 16;
  std::size_t index = first;
  for (; index < items.size(); ++index) {
    __builtin_prefetch(items[std::min(index + kAhead, items.size() - 1)]);
    const std::int64_t value = small_value(items[index]);
    if (value < 0) break;
    ids[index] = static_cast<std::uint32_t>(value);
  }
  return index;
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

PyObject* IntTable::new_reference(std::uint32_t id) const {
  if (id >= ints_.size()) [[unlikely]]
    return py::int_(id).release().ptr();
  PyObject* item = ints_[id].load(std::memory_order_acquire);
  if (item == nullptr) [[unlikely]]
    item = make(id);
  Py_INCREF(item);
  return item;
}

py::list IntTable::to_list(std::span<const std::uint32_t> ids) const {
  py::list list = new_list(ids.size());
  PyObject** const items = items_of(list).data();
  const std::size_t num_followed = ids.size() - std::min(ids.size(), 2 * kAhead);
  std::size_t index = 0;
  for (; index < num_followed; ++index) {
    prefetch_slot(ids[index + 2 * kAhead]);
    prefetch_int(ids[index + kAhead]);
    items[index] = new_reference(ids[index]);
  }
  for (; index < ids.size(); ++index) items[index] = new_reference(ids[index]);
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

IdBuffer read_ids(py::handle object) {
  IdBuffer ids;
  if (PyUnicode_Check(object.ptr())) throw py::type_error("ids must be integers, not a str");
  if (PyObject_CheckBuffer(object.ptr()) != 0 && read_array(object, ids)) return ids;
  const auto sequence = py::reinterpret_steal<py::object>(
      PySequence_Fast(object.ptr(), "ids must be a sequence of integers"));
  if (!sequence) throw py::error_already_set();
  // An item's __index__ may change the list that it comes from: look at it anew each time, and hold
  // the item. Where there is no GIL, another thread may, but while we have hold of the list.
  const py::scoped_critical_section held(sequence);
  const auto items = [&]() -> std::span<PyObject*> {
    return {PySequence_Fast_ITEMS(sequence.ptr()),
            static_cast<std::size_t>(PySequence_Fast_GET_SIZE(sequence.ptr()))};
  };
  std::size_t index = 0;
  while (true) {
    ids.reserve_more(items().size() - std::min(items().size(), ids.size()));
    index = read_small_ints(items(), index, ids.data());
    ids.set_size(index);
    if (index >= items().size()) return ids;
    const auto item = py::reinterpret_borrow<py::object>(items()[index]);
    ids.push_back(read_id(item, index++));
  }
}

}  // namespace bpe::bindings
