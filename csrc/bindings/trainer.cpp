// Binds the stage counts -> merges.
#include "trainer/trainer.h"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <bit>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/in_use.h"
#include "bindings/interruptible.h"
#include "bindings/stages.h"

namespace py = pybind11;

namespace bpe::bindings {
namespace {

// Counts are a CountsFile or a CountTable; `empty_table` gives the memory of that to the merging.
std::vector<IdPair> train_counts(
    const py::object& counts, std::uint64_t num_merges, const std::string& tie_break,
    std::uint64_t min_frequency, std::optional<std::uint64_t> max_token_bytes,
    std::vector<IdPair> initial_pairs, int num_threads, py::object progress, bool verify,
    const std::vector<py::bytes>& forbidden_tokens, std::optional<std::uint64_t> max_token_words,
    const py::object& on_merges, std::uint64_t prune_threshold, std::uint32_t max_narrow_symbol,
    bool empty_table, std::size_t max_tally_slots) {
  TrainOptions options;
  options.num_merges = num_merges;
  options.tie_break = parse_tie_break(tie_break);
  options.min_frequency = std::max<std::uint64_t>(min_frequency, 1);
  if (max_token_bytes) options.max_token_bytes = *max_token_bytes;
  if (max_token_words) options.max_token_words = *max_token_words;
  options.forbidden_tokens.assign(forbidden_tokens.begin(), forbidden_tokens.end());
  options.initial_pairs = std::move(initial_pairs);
  options.num_threads = static_cast<std::size_t>(std::max(num_threads, 1));
  options.verify = verify;
  options.prune_threshold = prune_threshold;
  options.max_narrow_symbol = std::clamp(max_narrow_symbol, kFirstMerge - 1, kMaxNarrowSymbol);
  options.max_tally_slots = std::bit_ceil(std::max<std::size_t>(max_tally_slots, 4));
  MergeLog log;
  if (!on_merges.is_none()) options.log = &log;
  const auto hand_over = [&] {
    if (std::vector<IdPair> pairs = log.take(); !pairs.empty()) on_merges(std::move(pairs));
  };
  const auto run = [&](auto&& input) {
    std::vector<IdPair> merges;
    try {
      Interruptible(std::move(progress), hand_over).run([&](Progress& state) {
        merges = train(std::forward<decltype(input)>(input), options, state);
      });
    } catch (const py::error_already_set&) {  // Ctrl-C: what is there may still be wanted
      hand_over();
      throw;
    }
    return merges;
  };
  if (py::isinstance<CountsFile>(counts)) return run(std::as_const(counts.cast<CountsFile&>()));
  CountTable& table = counts.cast<CountTable&>();
  if (!empty_table) {
    const SharedUse use(&table, kCountTable);
    return run(std::as_const(table));
  }
  const ExclusiveUse use(&table, kCountTable);
  return run(std::move(table));
}

}  // namespace

void bind_trainer(py::module_& module) {
  module.def("train", &train_counts, py::arg("counts"), py::arg("num_merges"), py::arg("tie_break"),
             py::arg("min_frequency"), py::arg("max_token_bytes"), py::arg("initial_pairs"),
             py::arg("num_threads"), py::arg("progress"), py::arg("verify") = false, py::kw_only(),
             py::arg("forbidden_tokens") = py::tuple(), py::arg("max_token_words") = py::none(),
             py::arg("on_merges") = py::none(), py::arg("prune_threshold") = 0,
             py::arg("max_narrow_symbol") = kMaxNarrowSymbol, py::arg("empty_table") = false,
             py::arg("max_tally_slots") = kMaxTallySlots);
}

}  // namespace bpe::bindings
