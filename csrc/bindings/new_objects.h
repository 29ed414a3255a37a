// Making Python objects of many megabytes, or many objects at once.
//
// The first touch of 24 MB costs 10 ms on small pages and 2 ms on huge ones, as much as encoding or
// decoding what goes there. Python's allocator knows nothing of that, so it is told here.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace bpe::bindings {

// A list whose items are null: fill all of them before anybody else sees it.
pybind11::list new_list(std::size_t size);

// Where the items of a list lie, as long as its length does not change.
std::span<PyObject*> items_of(const pybind11::list& list) noexcept;

// Bytes that are not written yet. Throws std::bad_alloc for more than Python can hold.
pybind11::bytes new_bytes(std::uint64_t size);

// The body of a bytes object that nobody else has seen yet.
std::span<char> body_of(const pybind11::bytes& bytes) noexcept;

// While it lives, Python does not look for garbage in cycles. Lists of ints hold none, but Python
// 3.11 would walk through thousands of them several times while they are made; newer ones wait for
// the end of the call by themselves.
class PausedCollection {
 public:
  PausedCollection() : was_enabled_(PyGC_Disable() != 0) {}
  ~PausedCollection() {
    if (was_enabled_) PyGC_Enable();
  }
  PausedCollection(const PausedCollection&) = delete;
  PausedCollection& operator=(const PausedCollection&) = delete;

 private:
  bool was_enabled_;
};

}  // namespace bpe::bindings
