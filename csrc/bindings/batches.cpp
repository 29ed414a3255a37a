// Many texts to one flat array of ids and the places where each text's ids begin.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "bindings/arguments.h"
#include "bindings/codec.h"
#include "bindings/interruptible.h"
#include "bindings/stages.h"
#include "bindings/text_view.h"
#include "encoder/batch.h"
#include "encoder/share_work.h"

namespace py = pybind11;

namespace bpe::bindings {
namespace {

// From here on a call may take long enough for somebody to press Ctrl-C.
constexpr std::size_t kInterruptBytes = std::size_t{1} << 20;

// Text i's ids are flat[offsets[i] .. offsets[i + 1]).
std::vector<std::int64_t> offsets_of(const EncodedBatch& batch, bool has_end) {
  std::vector<std::int64_t> offsets(batch.size() + 1);
  for (std::size_t text = 0; text < batch.size(); ++text) {
    offsets[text + 1] = offsets[text] + static_cast<std::int64_t>(batch[text].size()) + has_end;
  }
  return offsets;
}

// Copies the ids to their places, on several threads; each text's end follows it if there is one.
template <class Id>
void gather(const EncodedBatch& batch, const std::vector<std::int64_t>& offsets,
            std::optional<std::uint32_t> end, std::size_t num_threads, Id* flat) {
  constexpr std::size_t kAtOnce = 256;  // texts may be tiny
  const std::size_t num_groups = (batch.size() + kAtOnce - 1) / kAtOnce;
  share_work(num_groups, num_threads, [&](std::size_t, std::size_t group) {
    const std::size_t last = std::min(batch.size(), (group + 1) * kAtOnce);
    for (std::size_t text = group * kAtOnce; text < last; ++text) {
      Id* to = flat + offsets[text];
      for (const std::uint32_t id : batch[text]) *to++ = static_cast<Id>(id);
      if (end) *to = static_cast<Id>(*end);
    }
  });
}

template <class Id>
py::array gathered(const EncodedBatch& batch, const std::vector<std::int64_t>& offsets,
                   std::optional<std::uint32_t> end, std::size_t num_threads) {
  py::array_t<Id> flat(offsets.back());
  Id* const data = flat.mutable_data();
  const py::gil_scoped_release release;
  gather(batch, offsets, end, num_threads, data);
  return flat;
}

py::tuple encode_flat(py::handle codec, const py::iterable& documents,
                      std::vector<std::uint32_t> allowed, const py::object& num_threads,
                      std::optional<std::uint32_t> end) {
  const CodecParts parts = parts_of(codec);
  const Texts texts(documents);
  const auto specials = parts.specials.finder(std::move(allowed));
  const std::size_t threads = at_least_one(num_threads, "num_threads");

  EncodedBatch batch(0);
  const auto encode = [&](const Progress& progress) {
    batch = encode_batch(parts.encoder, texts.views(), *specials, threads, progress);
  };
  if (texts.num_bytes() >= kInterruptBytes) {
    Interruptible(py::none()).run(encode);
  } else {
    const Progress never_cancelled;
    const py::gil_scoped_release release;
    encode(never_cancelled);
  }

  const std::vector<std::int64_t> offsets = offsets_of(batch, end.has_value());
  const py::array flat = parts.max_id <= 0xFFFF
                             ? gathered<std::uint16_t>(batch, offsets, end, threads)
                             : gathered<std::uint32_t>(batch, offsets, end, threads);
  return py::make_tuple(
      flat, py::array_t<std::int64_t>(static_cast<py::ssize_t>(offsets.size()), offsets.data()));
}

}  // namespace

void bind_batches(py::module_& module) {
  module.def("encode_flat", &encode_flat, py::arg("codec"), py::arg("documents"),
             py::arg("allowed_special"), py::arg("num_threads"), py::arg("end") = py::none());
}

}  // namespace bpe::bindings
