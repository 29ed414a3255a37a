// Memory for large lists and bytes.
#include "bindings/new_objects.h"

#include <new>

#include "base/zeroed_array.h"

namespace py = pybind11;

namespace bpe::bindings {
namespace {

// Asks for huge pages under those parts of the memory that are nobody else's.
void advise(void* memory, std::size_t bytes) noexcept {
  constexpr std::uintptr_t kHugePage = std::uintptr_t{2} << 20;
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  const std::uintptr_t begin = (address + kHugePage - 1) / kHugePage * kHugePage;
  const std::uintptr_t end = (address + bytes) / kHugePage * kHugePage;
  if (begin < end) advise_huge_pages(reinterpret_cast<void*>(begin), end - begin);
}

}  // namespace

py::list new_list(std::size_t size) {
  py::list list(size);
  advise(items_of(list).data(), size * sizeof(PyObject*));
  return list;
}

std::span<PyObject*> items_of(const py::list& list) noexcept {
  return {PySequence_Fast_ITEMS(list.ptr()), list.size()};
}

py::bytes new_bytes(std::uint64_t size) {
  if (!std::in_range<Py_ssize_t>(size)) throw std::bad_alloc();
  PyObject* object = PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(size));
  if (object == nullptr) throw py::error_already_set();
  auto bytes = py::reinterpret_steal<py::bytes>(object);
  advise(body_of(bytes).data(), body_of(bytes).size());
  return bytes;
}

std::span<char> body_of(const py::bytes& bytes) noexcept {
  return {PyBytes_AS_STRING(bytes.ptr()), static_cast<std::size_t>(PyBytes_GET_SIZE(bytes.ptr()))};
}

}  // namespace bpe::bindings
