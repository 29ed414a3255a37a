// Frozen pretokens of a Codec: making an image, and using one that lies in Python's memory.
#include <pybind11/pybind11.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/errors.h"
#include "bindings/codec.h"
#include "bindings/held_buffer.h"
#include "bindings/interruptible.h"
#include "bindings/stages.h"
#include "bindings/text_view.h"
#include "encoder/frozen_pretokens.h"

namespace py = pybind11;

namespace bpe::bindings {
namespace {

std::span<const std::byte> bytes_of(const HeldBuffer& held) noexcept {
  return {static_cast<const std::byte*>(held.get().buf), static_cast<std::size_t>(held.get().len)};
}

// Frozen pretokens in the memory of a Python object, most of all of a mapped file.
struct HeldPretokens {
  HeldBuffer buffer;
  FrozenPretokens frozen;
  explicit HeldPretokens(py::handle object)
      : buffer(object, PyBUF_SIMPLE), frozen(bytes_of(buffer)) {}
};

// Let go of by whichever thread is the last that reads them.
std::shared_ptr<const HeldPretokens> hold(py::handle object) {
  const auto let_go = [](const HeldPretokens* held) {
    const py::gil_scoped_acquire acquire;
    delete held;
  };
  return {new HeldPretokens(object), let_go};
}

ContentHash content_hash_of(const py::bytes& object) {
  const std::string_view bytes = object;
  ContentHash hash;
  if (bytes.size() != hash.size()) throw py::value_error("a content hash has 32 bytes");
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

py::bytes freeze(py::handle codec, const py::iterable& pretokens, const py::bytes& content_hash) {
  const CodecParts parts = parts_of(codec);
  const Texts texts(pretokens);
  const ContentHash hash = content_hash_of(content_hash);
  std::vector<std::uint64_t> image;
  Interruptible(py::none()).run([&](const Progress& progress) {
    image = parts.encoder.freeze(texts.views(), hash, progress);
  });
  return {reinterpret_cast<const char*>(image.data()), image.size() * sizeof image[0]};
}

// Says how many pretokens they are.
std::size_t use_frozen(py::handle codec, py::handle image, const py::bytes& content_hash) {
  const CodecParts parts = parts_of(codec);
  const auto held = hold(image);
  if (held->frozen.content_hash() != content_hash_of(content_hash)) {
    throw Error(ErrorKind::format, "its pretokens were frozen for another tokenizer");
  }
  const std::shared_ptr<const FrozenPretokens> frozen(held, &held->frozen);
  parts.encoder.use_frozen(frozen);
  return frozen->size();
}

}  // namespace

void bind_frozen(py::module_& module) {
  module.def("freeze_pretokens", &freeze, py::arg("codec"), py::arg("pretokens"),
             py::arg("content_hash"));
  module.def("use_frozen_pretokens", &use_frozen, py::arg("codec"), py::arg("image"),
             py::arg("content_hash"));
}

}  // namespace bpe::bindings
