// Binds counts on the disk: the classes CountsFile and Spill, and what writes counts files.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bindings/arguments.h"
#include "bindings/count_items.h"
#include "bindings/in_use.h"
#include "bindings/interruptible.h"
#include "bindings/stages.h"
#include "counting/counts_file.h"
#include "counting/counts_writer.h"
#include "counting/merge_counts.h"
#include "counting/sorted_items.h"
#include "counting/spill.h"

namespace py = pybind11;

namespace bpe::bindings {
namespace {

std::unique_ptr<CountsFile> open_file(const py::object& path, std::uint64_t body,
                                      std::uint32_t crc_before) {
  return std::make_unique<CountsFile>(path_bytes(path), body, crc_before);
}

py::list all_items(const CountsFile& file) {
  py::list list;
  file.for_each([&](std::string_view pretoken, std::uint64_t count) {
    list.append(to_tuple(pretoken, count));
  });
  return list;
}

// Calls write(CountsWriter, Progress) in a worker thread, and finishes the file.
template <class Write>
void write_file(int descriptor, const py::object& name, std::uint32_t crc_before,
                const py::object& progress, Write&& write) {
  FileWriter file(descriptor, path_bytes(name));
  Interruptible(progress).run([&](Progress& state) {
    CountsWriter writer(file, crc_before, state);
    write(writer, state);
    writer.finish();
  });
}

void save_counts(const CountTable& table, int descriptor, const py::object& name,
                 std::uint32_t crc_before, const std::pair<std::uint64_t, std::uint64_t>& dropped,
                 const py::object& progress) {
  const SharedUse use(&table, kCountTable);
  write_file(descriptor, name, crc_before, progress, [&](CountsWriter& out, Progress& state) {
    state.start_phase("writing counts", table.size());
    out.drop(dropped.first, dropped.second);
    constexpr std::uint64_t kReportEvery = 1 << 12;
    std::uint64_t num_written = 0;
    const std::vector<SortedItem> items = sorted_items(table, state);
    visit_sorted(items, [&](const SortedItem& item) {
      out.add(item.pretoken, item.count);
      if (++num_written % kReportEvery == 0) state.advance(kReportEvery);
    });
    state.advance(num_written % kReportEvery);
  });
}

void merge_files(const std::vector<const CountsFile*>& files, std::uint64_t min_frequency,
                 int descriptor, const py::object& name, std::uint32_t crc_before,
                 const py::object& progress) {
  std::uint64_t num_pretokens = 0;
  for (const CountsFile* const file : files) num_pretokens += file->size();
  write_file(descriptor, name, crc_before, progress, [&](CountsWriter& out, Progress& state) {
    state.start_phase("merging counts", num_pretokens);
    merge_counts(files, min_frequency, out, state);
  });
}

std::unique_ptr<Spill> make_spill(const py::object& folder, std::uint64_t table_bytes,
                                  const py::object& max_pretokens) {
  SpillOptions options{path_bytes(folder), table_bytes};
  if (!max_pretokens.is_none()) {
    options.max_pretokens = at_least_one(max_pretokens, "max_pretokens");
  }
  return std::make_unique<Spill>(std::move(options));
}

void write_run(Spill& spill, CountTable& table) {
  const ExclusiveUse use(&table, kCountTable);
  Interruptible(py::none()).run([&](Progress& state) { spill.write_run(table, state); });
}

py::str merge_runs(Spill& spill, const py::object& progress) {
  const ExclusiveUse use(&spill, "spill");
  std::string path;
  Interruptible(progress).run([&](Progress& state) { path = spill.merge_runs(state); });
  return py::reinterpret_steal<py::str>(
      PyUnicode_DecodeFSDefaultAndSize(path.data(), static_cast<py::ssize_t>(path.size())));
}

}  // namespace

void bind_counts_files(py::module_& module) {
  py::class_<CountsFile>(module, "CountsFile", py::is_final(), "Counts on the disk, read-only.")
      .def(py::init(&open_file), py::arg("path"), py::arg("body"), py::arg("crc_before"))
      .def("items", &all_items, "Return all (pretoken, count), sorted by the pretoken's bytes.")
      .def("top", &top_items<std::string, CountsFile>, py::arg("n"),
           "Return the n largest, by count descending, then by bytes ascending.")
      .def("summary", &summarize<CountsFile>)
      .def("__len__", &CountsFile::size)
      .def_property_readonly("total", &CountsFile::total, "The sum of all counts.")
      .def_property_readonly(
          "dropped",
          [](const CountsFile& file) {
            return py::make_tuple(file.totals().dropped_pretokens,
                                  file.totals().dropped_occurrences);
          },
          "How many pretokens and occurrences filters left out.");
  py::class_<Spill>(module, "Spill", py::is_final(), "Takes the tables that are full.")
      .def(py::init(&make_spill), py::arg("folder"), py::arg("table_bytes"),
           py::arg("max_pretokens") = py::none())
      .def("is_full", &Spill::is_full, py::arg("table"), py::arg("num_tables"))
      .def("write_run", &write_run, py::arg("table"), "Write a run and empty the table.")
      .def("merge_runs", &merge_runs, py::arg("progress"),
           "Merge all runs into one file and return its path.")
      .def_property_readonly("num_runs", &Spill::num_runs);
  module.def("save_counts", &save_counts, py::arg("table"), py::arg("descriptor"), py::arg("name"),
             py::arg("crc_before"), py::arg("dropped"), py::arg("progress"));
  module.def("merge_counts", &merge_files, py::arg("files"), py::arg("min_frequency"),
             py::arg("descriptor"), py::arg("name"), py::arg("crc_before"), py::arg("progress"));
}

}  // namespace bpe::bindings
