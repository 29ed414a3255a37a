// The Python class Codec: one vocabulary, ready to encode and decode.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "bindings/codec.h"
#include "bindings/fast_method.h"
#include "bindings/id_lists.h"
#include "bindings/interruptible.h"
#include "bindings/new_objects.h"
#include "bindings/snapshot.h"
#include "bindings/stages.h"
#include "bindings/text_view.h"
#include "bindings/vocabulary.h"
#include "decoder/decoder.h"
#include "encoder/batch.h"
#include "encoder/encoder.h"
#include "encoder/parallel.h"
#include "encoder/share_work.h"
#include "vocab/special_tokens.h"
#include "vocab/vocabulary.h"

namespace py = pybind11;

namespace bpe::bindings {
namespace {

using Ids = std::vector<std::uint32_t>;

// Below this, letting other threads run costs more than it gives.
constexpr std::size_t kReleaseBytes = 4096;
// From here on a call may take long enough for somebody to press Ctrl-C.
constexpr std::size_t kInterruptBytes = std::size_t{1} << 20;

// Calls work(progress), which never touches Python, in the way that suits the size of the input.
template <class Work>
void run(std::size_t num_bytes, Work&& work) {
  if (num_bytes >= kInterruptBytes) return Interruptible(py::none()).run(work);
  const Progress never_cancelled;
  if (num_bytes < kReleaseBytes) return work(never_cancelled);
  const py::gil_scoped_release release;
  work(never_cancelled);
}

std::optional<PatternId> checked_pattern(const std::optional<std::string>& name) {
  if (!name) return std::nullopt;
  if (const auto pattern = pattern_by_name(*name)) return pattern;
  throw Error(ErrorKind::pattern, "the native engine has no scanner for a pattern '" + *name + "'");
}

std::uint32_t largest_id(const Vocabulary& vocabulary, const SpecialTokens& specials) {
  std::uint32_t largest = vocabulary.tokens.ids().back();
  for (const std::uint32_t id : specials.tokens().ids()) largest = std::max(largest, id);
  return largest;
}

Ids all_of(const SpecialTokens& specials) {
  const std::span<const std::uint32_t> ids = specials.tokens().ids();
  return {ids.begin(), ids.end()};
}

std::size_t checked_threads(py::ssize_t num_threads) {
  if (num_threads >= 1) return static_cast<std::size_t>(num_threads);
  throw py::value_error("num_threads must be at least 1, not " + std::to_string(num_threads));
}

// A numpy array that owns the memory of the buffer.
py::array array_of(IdBuffer&& ids, bool is_uint16) {
  const std::size_t count = ids.size();
  if (is_uint16) narrow_ids(ids.data(), count);
  ids.reserve_more(1);  // an empty array needs an address too
  std::uint32_t* data = ids.release();
  const py::capsule owner(data, [](void* memory) { std::free(memory); });
  if (is_uint16)
    return py::array_t<std::uint16_t>(count, reinterpret_cast<std::uint16_t*>(data), owner);
  return py::array_t<std::uint32_t>(count, data, owner);
}

// Immutable; every method may be called from many threads at once.
class Codec {
 public:
  Codec(const std::optional<std::string>& pattern, const py::object& tokens, const py::object& left,
        const py::object& right, const py::object& new_id, const py::object& rank,
        const py::iterable& special_tokens, bool whole_pretoken_first)
      : encoder_(checked_pattern(pattern),
                 make_vocabulary(tokens, left, right, new_id, rank, whole_pretoken_first)),
        specials_(Tokens(special_tokens, 1).views),
        decoder_(encoder_.vocabulary().tokens, specials_.tokens()),
        no_specials_(specials_.finder({})),
        all_specials_(specials_.finder(all_of(specials_))),
        max_id_(largest_id(encoder_.vocabulary(), specials_)),
        ints_(max_id_) {}

  CodecParts parts() const { return {encoder_, specials_, max_id_}; }

  py::object encode_ordinary(py::handle data) const { return encode_with(data, *no_specials_); }

  // None where a special token stands in the text: whether it may is not ours to decide.
  py::object encode_unless_special(py::handle data) const {
    const TextView text(data);
    if (holds_special(text.bytes())) return py::none();
    return to_list(text.bytes(), *no_specials_);
  }

  py::object has_special(py::handle data) const {
    return py::bool_(holds_special(TextView(data).bytes()));
  }

  py::list encode(py::handle data, Ids allowed) const {
    return encode_with(data, *specials_.finder(std::move(allowed)));
  }

  py::array encode_to_array(py::handle data, Ids allowed, const std::string& dtype,
                            py::ssize_t num_threads) const {
    const bool is_uint16 = dtype == "uint16";
    if (!is_uint16 && dtype != "uint32") {
      throw py::value_error("dtype must be 'uint16' or 'uint32', not '" + dtype + "'");
    }
    if (is_uint16 && max_id_ > 0xFFFF) {
      throw py::value_error("uint16 is too small: the largest id is " + std::to_string(max_id_));
    }
    const TextView text(data);
    const auto specials = specials_.finder(std::move(allowed));
    const std::size_t threads = checked_threads(num_threads);
    IdBuffer ids;
    run(text.bytes().size(), [&](const Progress& progress) {
      ids = encode_in_parallel(encoder_, text.bytes(), *specials, threads, progress);
    });
    return array_of(std::move(ids), is_uint16);
  }

  std::size_t count(py::handle data, Ids allowed) const {
    const TextView text(data);
    return count_text(text.bytes(), *specials_.finder(std::move(allowed)));
  }

  // None as above.
  py::object count_unless_special(py::handle data) const {
    const TextView text(data);
    if (holds_special(text.bytes())) return py::none();
    return py::int_(count_text(text.bytes(), *no_specials_));
  }

  py::list encode_batch(const py::iterable& documents, Ids allowed, py::ssize_t num_threads) const {
    const Texts texts(documents);
    const auto specials = specials_.finder(std::move(allowed));
    const std::size_t threads = checked_threads(num_threads);
    EncodedBatch batch(0);
    run(texts.num_bytes(), [&](const Progress& progress) {
      batch = bpe::encode_batch(encoder_, texts.views(), *specials, threads, progress);
    });
    const PausedCollection paused;
    py::list lists(batch.size());
    for (std::size_t text = 0; text < batch.size(); ++text)
      lists[text] = ints_.to_list(batch[text]);
    return lists;
  }

  py::list encode_pretokens(const py::iterable& pretokens) const {
    const Texts texts(pretokens);
    IdBuffer ids;
    run(texts.num_bytes(),
        [&](const Progress& progress) { encoder_.encode_pretokens(texts.views(), ids, progress); });
    return ints_.to_list(ids.ids());
  }

  std::optional<std::pair<std::size_t, std::uint32_t>> find_special(py::handle data,
                                                                    Ids ids) const {
    const TextView text(data);
    const auto finder = specials_.finder(std::move(ids));
    std::optional<SpecialMatch> match;
    run(text.bytes().size(), [&](const Progress&) { match = finder->find_first(text.bytes()); });
    if (!match) return std::nullopt;
    return std::pair{match->begin, match->id};
  }

  py::object decode_bytes(py::handle object) const {
    const IdBuffer ids = read_ids(object);
    const py::bytes bytes = new_bytes(decoder_.size_of(ids.ids()));
    const std::span<char> body = body_of(bytes);
    run(body.size(), [&](const Progress&) { decoder_.write(ids.ids(), body); });
    return bytes;
  }

  py::list decode_bytes_batch(const py::iterable& batch, py::ssize_t num_threads) const {
    std::vector<IdBuffer> documents;
    std::vector<py::bytes> results;
    std::size_t num_bytes = 0;
    for (const py::handle object : snapshot_of(batch)) {
      documents.push_back(read_document(object, documents.size()));
      results.push_back(new_bytes(decoder_.size_of(documents.back().ids())));
      num_bytes += body_of(results.back()).size();
    }
    run(num_bytes, [&](const Progress& progress) {
      share_work(documents.size(), checked_threads(num_threads), [&](std::size_t, std::size_t i) {
        progress.check();
        decoder_.write(documents[i].ids(), body_of(results[i]));
      });
    });
    return py::cast(results);
  }

  py::bytes token_bytes(py::handle id) const {
    const std::string_view bytes = decoder_.bytes_of(read_id(id, 0));
    if (bytes.data() != nullptr) return py::bytes(bytes.data(), bytes.size());
    throw Error(ErrorKind::decode,
                "id " + py::str(id).cast<std::string>() + " is no token of this vocabulary");
  }

  std::optional<std::uint32_t> token_id(py::handle token) const {
    const TextView text(token);
    const auto ordinary = encoder_.vocabulary().tokens.find(text.bytes());
    return ordinary ? ordinary : specials_.tokens().find(text.bytes());
  }

 private:
  IdBuffer encode_text(std::string_view text, const SpecialFinder& specials) const {
    IdBuffer ids;
    run(text.size(),
        [&](const Progress& progress) { encoder_.encode(text, specials, ids, progress); });
    return ids;
  }

  std::size_t count_text(std::string_view text, const SpecialFinder& specials) const {
    std::size_t total = 0;
    run(text.size(),
        [&](const Progress& progress) { total = encoder_.count(text, specials, progress); });
    return total;
  }

  py::list encode_with(py::handle data, const SpecialFinder& specials) const {
    const TextView text(data);
    return to_list(text.bytes(), specials);
  }

  py::list to_list(std::string_view text, const SpecialFinder& specials) const {
    return ints_.to_list(encode_text(text, specials).ids());
  }

  bool holds_special(std::string_view text) const {
    bool holds = false;
    run(text.size(), [&](const Progress&) { holds = all_specials_->find_first(text).has_value(); });
    return holds;
  }

  // The ids of one document of a batch, known to be tokens; an error names the document.
  IdBuffer read_document(py::handle object, std::size_t index) const {
    try {
      IdBuffer ids = read_ids(object);
      decoder_.size_of(ids.ids());
      return ids;
    } catch (const py::type_error& error) {
      throw py::type_error("document " + std::to_string(index) + ": " + error.what());
    } catch (const py::value_error& error) {
      throw py::value_error("document " + std::to_string(index) + ": " + error.what());
    } catch (const Error&) {
      rethrow_for_document(std::current_exception(), index);
    }
  }

  Encoder encoder_;
  SpecialTokens specials_;
  Decoder decoder_;
  std::shared_ptr<const SpecialFinder> no_specials_;
  std::shared_ptr<const SpecialFinder> all_specials_;
  std::uint32_t max_id_;
  IntTable ints_;
};

}  // namespace

CodecParts parts_of(py::handle codec) { return codec.cast<const Codec&>().parts(); }

void bind_codec(py::module_& module) {
  auto codec = py::class_<Codec>(module, "Codec", py::is_final());
  codec
      .def(py::init<const std::optional<std::string>&, const py::object&, const py::object&,
                    const py::object&, const py::object&, const py::object&, const py::iterable&,
                    bool>(),
           py::arg("pattern"), py::arg("id_to_bytes"), py::arg("left"), py::arg("right"),
           py::arg("new_id"), py::arg("rank"), py::arg("special_tokens"),
           py::arg("whole_pretoken_first"))
      .def("encode", &Codec::encode, py::arg("data"), py::arg("allowed_special"))
      .def("encode_to_array", &Codec::encode_to_array, py::arg("data"), py::arg("allowed_special"),
           py::arg("dtype"), py::arg("num_threads") = 1)
      .def("count", &Codec::count, py::arg("data"), py::arg("allowed_special"))
      .def("encode_batch", &Codec::encode_batch, py::arg("documents"), py::arg("allowed_special"),
           py::arg("num_threads"))
      .def("encode_pretokens", &Codec::encode_pretokens, py::arg("pretokens"))
      .def("find_special", &Codec::find_special, py::arg("data"), py::arg("special_ids"))
      .def("decode_bytes_batch", &Codec::decode_bytes_batch, py::arg("batch"),
           py::arg("num_threads"))
      .def("token_bytes", &Codec::token_bytes, py::arg("id"))
      .def("token_id", &Codec::token_id, py::arg("token"));
  def_fast<&Codec::encode_ordinary>(codec, "encode_ordinary",
                                    "encode_ordinary($self, text, /)\n--\n\n");
  def_fast<&Codec::encode_unless_special>(codec, "encode_unless_special",
                                          "encode_unless_special($self, text, /)\n--\n\n");
  def_fast<&Codec::count_unless_special>(codec, "count_unless_special",
                                         "count_unless_special($self, text, /)\n--\n\n");
  def_fast<&Codec::has_special>(codec, "has_special", "has_special($self, text, /)\n--\n\n");
  def_fast<&Codec::decode_bytes>(codec, "decode_bytes", "decode_bytes($self, ids, /)\n--\n\n");
}

}  // namespace bpe::bindings
