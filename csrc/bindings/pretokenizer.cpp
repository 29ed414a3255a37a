// Binds the split: bytes in, list of bytes out.
#include "pretokenizer/pretokenizer.h"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "bindings/arguments.h"
#include "bindings/stages.h"
#include "pretokenizer/kernels.h"
#include "pretokenizer/key_batch.h"
#include "unicode/classes.h"

namespace py = pybind11;

namespace bpe::bindings {
namespace {

// Below this, letting other threads run costs more than the split.
constexpr std::size_t kReleaseGilFrom = 16 * 1024;
constexpr std::size_t kBatch = 512;

py::bytes slice(std::string_view text, std::size_t begin, std::size_t end) {
  return py::bytes(text.data() + begin, end - begin);
}

// Calls use(end) with the end of each pretoken, counted from the beginning of the text.
template <class Use>
void for_each_end(Scanner& scanner, Use&& use) {
  std::array<EndOffset, kBatch> ends;
  std::size_t begin = scanner.position();
  while (const std::size_t count = scanner.fill(ends)) {
    for (std::size_t i = 0; i + 1 < count; ++i) use(begin + ends[i]);
    begin = scanner.position();
    use(begin);
  }
}

// Scans and converts in turn: no memory beyond the list.
py::list split_small(Scanner scanner, std::string_view text) {
  py::list pretokens;
  for_each_end(scanner, [&, begin = std::size_t{0}](std::size_t end) mutable {
    pretokens.append(slice(text, begin, end));
    begin = end;
  });
  return pretokens;
}

std::vector<std::size_t> all_ends(Scanner scanner) {
  std::vector<std::size_t> all;
  for_each_end(scanner, [&](std::size_t end) { all.push_back(end); });
  return all;
}

py::list split_large(Scanner scanner, std::string_view text) {
  std::vector<std::size_t> ends;
  {
    const py::gil_scoped_release release;
    ends = all_ends(scanner);
  }
  py::list pretokens(ends.size());
  std::size_t begin = 0;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    pretokens[i] = slice(text, begin, ends[i]);
    begin = ends[i];
  }
  return pretokens;
}

const Kernel& kernel_or_throw(const std::optional<std::string>& name) {
  if (!name) return active_kernel();
  if (const Kernel* kernel = kernel_by_name(*name)) return *kernel;
  throw py::value_error("there is no kernel '" + *name + "' on this CPU");
}

py::list split(const py::bytes& data, const std::string& pattern,
               const std::optional<std::string>& kernel) {
  const std::string_view text = data;
  const Scanner scanner(pattern_or_throw(pattern), text, kernel_or_throw(kernel));
  return text.size() < kReleaseGilFrom ? split_small(scanner, text) : split_large(scanner, text);
}

// For tests: nothing is copied, so that the memory may end anywhere, and a call of the scanner gets
// as many places as asked for.
std::vector<std::size_t> pretoken_ends(const py::buffer& data, const std::string& pattern,
                                       const std::string& kernel, std::size_t num_places) {
  const py::buffer_info info = data.request();
  if (num_places == 0)
    throw py::value_error("num_places is 0; a scanner needs a place to write to");
  const std::string_view text(static_cast<const char*>(info.ptr),
                              static_cast<std::size_t>(info.size * info.itemsize));
  Scanner scanner(pattern_or_throw(pattern), text, kernel_or_throw(kernel));
  std::vector<std::size_t> all;
  std::vector<EndOffset> ends(num_places);
  const py::gil_scoped_release release;
  for (std::size_t begin = 0; const std::size_t count = scanner.fill(ends);) {
    for (std::size_t i = 0; i + 1 < count; ++i) all.push_back(begin + ends[i]);
    begin = scanner.position();
    all.push_back(begin);
  }
  return all;
}

py::list kernel_names() {
  py::list result;
  for (const Kernel* kernel : usable_kernels()) {
    result.append(py::str(kernel->name.data(), kernel->name.size()));
  }
  return result;
}

// For tests: (keys of 16 bytes each, home slots, numbers of the long pretokens).
py::tuple pack_keys(const std::string& data, const std::vector<EndOffset>& ends, unsigned shift,
                    const std::string& kernel) {
  const auto kernels = usable_pack_kernels();
  const auto found = std::find_if(kernels.begin(), kernels.end(),
                                  [&](const PackKernel* each) { return each->name == kernel; });
  if (found == kernels.end()) throw py::value_error("'" + kernel + "' packs nothing on this CPU");
  // Memory that ends where the data does, so that a sanitizer sees a read beyond it.
  const std::vector<char> text(data.begin(), data.end());
  KeyBatch batch((*found)->pack);
  batch.append(text.data(), ends, text.data() + text.size(), {nullptr, shift});
  py::list keys;
  for (const PretokenKey& key : batch.keys()) {
    keys.append(py::bytes(reinterpret_cast<const char*>(&key), sizeof key));
  }
  const auto copy = [](std::span<const std::uint32_t> from) {
    return std::vector<std::uint32_t>(from.begin(), from.end());
  };
  return py::make_tuple(keys, copy(batch.homes()), copy(batch.longs()));
}

// For tests: what hash_key is made of, (low, high).
py::tuple hash_seed() { return py::make_tuple(kHashSeed.key_low, kHashSeed.key_high); }

py::list pack_kernel_names() {
  py::list result;
  for (const PackKernel* kernel : usable_pack_kernels()) {
    result.append(py::str(kernel->name.data(), kernel->name.size()));
  }
  return result;
}

py::list names() {
  py::list result;
  for (const std::string_view name : pattern_names()) {
    if (!name.empty()) result.append(py::str(name.data(), name.size()));
  }
  return result;
}

}  // namespace

void bind_pretokenizer(py::module_& module) {
  module.attr("UNICODE_VERSION") = py::str(unicode::kVersion);
  active_kernel();  // a wrong BPE_FORCE_KERNEL is an error at import, not in the middle of a run
  module.def("split", &split, py::arg("data"), py::arg("pattern"), py::arg("kernel") = py::none(),
             "Cut data into pretokens; the pattern \"\" gives all of it as one.");
  module.def("pretoken_ends", &pretoken_ends, py::arg("data"), py::arg("pattern"),
             py::arg("kernel"), py::arg("num_places") = 512,
             "Return where the pretokens of a buffer end; for tests of the scanners.");
  module.def("kernel_names", &kernel_names,
             "Return the kernels that this CPU can run, the one used by default last.");
  module.def("pack_keys", &pack_keys, py::arg("data"), py::arg("ends"), py::arg("shift"),
             py::arg("kernel"), "Pack at most 512 pretokens as counting and encoding do.");
  module.def("pack_kernel_names", &pack_kernel_names, "Return the kernels of `pack_keys`.");
  module.def("hash_seed", &hash_seed, "Return the two numbers that `pack_keys` hashes with.");
  module.def("pattern_names", &names, "Return the names that `split` knows.");
  module.def(
      "find_safe_cut",
      [](const py::bytes& data, const std::string& pattern, std::size_t near) {
        return find_safe_cut(pattern_or_throw(pattern), std::string_view(data), near);
      },
      py::arg("data"), py::arg("pattern"), py::arg("near"),
      "Return the first offset from `near` on where cutting the data changes no pretoken.");
}

}  // namespace bpe::bindings
