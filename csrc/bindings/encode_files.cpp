// A text file to ids behind a file descriptor, without a Python object for any document.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/file_writer.h"
#include "bindings/arguments.h"
#include "bindings/codec.h"
#include "bindings/interruptible.h"
#include "bindings/stages.h"
#include "encoder/encode_file.h"

namespace py = pybind11;

namespace bpe::bindings {
namespace {

// Where ids go: descriptor, name for errors, offset, bytes of an id.
using Place = std::tuple<int, std::string, std::uint64_t, int>;

bool takes_uint16(int id_bytes, std::uint32_t max_id) {
  if (id_bytes != 2 && id_bytes != 4) throw py::value_error("an id has 2 or 4 bytes");
  if (id_bytes == 2 && max_id > 0xFFFF) {
    throw py::value_error("2 bytes are too few: the largest id is " + std::to_string(max_id));
  }
  return id_bytes == 2;
}

py::tuple encode_file(py::handle codec, py::handle path, const py::bytes& separator,
                      std::vector<std::uint32_t> allowed, std::optional<std::uint32_t> end,
                      const Place& place, const py::object& num_threads, const py::object& progress,
                      const py::object& chunk_bytes) {
  const CodecParts parts = parts_of(codec);
  const auto specials = parts.specials.finder(std::move(allowed));
  const std::size_t longest = specials->empty() ? 0 : parts.specials.tokens().longest();
  const std::size_t threads = at_least_one(num_threads, "num_threads");
  const auto& [descriptor, name, offset, id_bytes] = place;
  const bool is_uint16 = takes_uint16(id_bytes, parts.max_id);
  const TextFileRules rules{parts.encoder.pattern(), *specials, longest, separator};
  TextFile text(
      path_bytes(path), rules,
      chunk_bytes.is_none() ? TextFile::kChunkBytes : at_least_one(chunk_bytes, "chunk_bytes"));
  const FileWriter writer(descriptor, name);
  IdFile ids(writer, offset, is_uint16);
  EncodedText done;
  Interruptible(progress).run([&](Progress& state) {
    done = bpe::encode_file(parts.encoder, text, *specials, end, ids, threads, state);
  });
  return py::make_tuple(ids.num_ids(), done.num_documents, done.num_bytes);
}

}  // namespace

void bind_encode_files(py::module_& module) {
  module.def("encode_file", &encode_file, py::arg("codec"), py::arg("path"), py::arg("separator"),
             py::arg("allowed_special"), py::arg("end"), py::arg("place"), py::arg("num_threads"),
             py::arg("progress"), py::arg("chunk_bytes") = py::none(),
             "Write the ids of a text file to (descriptor, name, offset, bytes of an id); return "
             "how many ids, documents and bytes of text there were.");
}

}  // namespace bpe::bindings
