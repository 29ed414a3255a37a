// Encoding with BPE-dropout.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <vector>

#include "bindings/arguments.h"
#include "bindings/codec.h"
#include "bindings/interruptible.h"
#include "bindings/stages.h"
#include "bindings/text_view.h"
#include "encoder/dropout.h"

namespace py = pybind11;

namespace bpe::bindings {
namespace {

py::list list_of(const IdBuffer& ids) {
  py::list list(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) list[i] = ids.ids()[i];
  return list;
}

Dropout make_dropout(double probability, std::uint64_t seed) {
  if (!(probability >= 0 && probability <= 1)) {
    throw py::value_error("the probability must be between 0 and 1, not " +
                          std::string(py::repr(py::float_(probability))));
  }
  return {probability, SplitMix64(seed)};
}

py::list encode(py::handle codec, py::handle data, std::vector<std::uint32_t> allowed,
                const py::object& pattern, double probability, std::uint64_t seed) {
  const CodecParts parts = parts_of(codec);
  const TextView text(data);
  const PatternId scanner = pattern_argument(pattern);
  const auto specials = parts.specials.finder(std::move(allowed));
  Dropout dropout = make_dropout(probability, seed);
  IdBuffer ids;
  Interruptible(py::none()).run([&](const Progress& progress) {
    bpe::encode_with_dropout(scanner, parts.encoder.vocabulary(), text.bytes(), *specials, dropout,
                             ids, progress);
  });
  return list_of(ids);
}

// Pretokens that were split elsewhere, each in a list of its own: the numbers are drawn in order.
py::list encode_pretokens(py::handle codec, const py::object& pretokens, double probability,
                          std::uint64_t seed) {
  const CodecParts parts = parts_of(codec);
  const TextViews texts(pretokens, "pretokens");
  Dropout dropout = make_dropout(probability, seed);
  py::list lists;
  const Progress never_cancelled;
  for (const std::string_view text : texts.views()) {
    IdBuffer ids;
    encode_pretoken_with_dropout(parts.encoder.vocabulary(), text, dropout, ids, never_cancelled);
    lists.append(list_of(ids));
  }
  return lists;
}

}  // namespace

void bind_dropout(py::module_& module) {
  module.def("encode_with_dropout", &encode, py::arg("codec"), py::arg("data"),
             py::arg("allowed_special"), py::arg("pattern"), py::arg("probability"),
             py::arg("seed"));
  module.def("encode_pretokens_with_dropout", &encode_pretokens, py::arg("codec"),
             py::arg("pretokens"), py::arg("probability"), py::arg("seed"));
}

}  // namespace bpe::bindings
