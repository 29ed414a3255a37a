// Binds the stage text -> counts: the classes Counter and CountTable.
#include "counting/counting.h"

#include <pybind11/pybind11.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "bindings/arguments.h"
#include "bindings/count_items.h"
#include "bindings/in_use.h"
#include "bindings/interruptible.h"
#include "bindings/stages.h"
#include "counting/add_counts.h"
#include "counting/sorted_items.h"

namespace py = pybind11;

namespace bpe::bindings {
namespace {

// Below this the work is done before anybody could press Ctrl-C: a thread would cost more.
constexpr std::uint64_t kInterruptibleFrom = std::uint64_t{1} << 20;
constexpr std::uint64_t kBytesPerEntry = 16;  // about, in a counts file
constexpr const char* kCounterName = "counter";

std::string short_repr(const py::handle& object) {
  const std::string text = py::repr(object);
  return text.size() <= 60 ? text : text.substr(0, 56) + " ...";
}

std::string_view checked_pretoken(const py::handle& pretoken) {
  if (!PyBytes_Check(pretoken.ptr()) || PyBytes_GET_SIZE(pretoken.ptr()) == 0) {
    throw Error(ErrorKind::training,
                "a pretoken must be a non-empty bytes object, not " + short_repr(pretoken));
  }
  return {PyBytes_AS_STRING(pretoken.ptr()),
          static_cast<std::size_t>(PyBytes_GET_SIZE(pretoken.ptr()))};
}

// An int from 1 to 2^63 - 1 and nothing that merely behaves like one: True is no count.
std::uint64_t checked_count(const py::handle& pretoken, const py::handle& count) {
  int overflow = 0;
  const bool is_int = PyLong_CheckExact(count.ptr());
  const long long value = is_int ? PyLong_AsLongLongAndOverflow(count.ptr(), &overflow) : 0;
  if (overflow > 0) {
    throw Error(ErrorKind::training, "the count of pretoken " + short_repr(pretoken) +
                                         " is more than 2^63 - 1: " + short_repr(count));
  }
  if (value < 1) {
    throw Error(ErrorKind::training, "the count of pretoken " + short_repr(pretoken) +
                                         " must be a whole number of at least 1, not " +
                                         short_repr(count));
  }
  return static_cast<std::uint64_t>(value);
}

void add(CountTable& table, const py::handle& pretoken, const py::handle& count) {
  const std::string_view bytes = checked_pretoken(pretoken);
  const std::uint64_t number = checked_count(pretoken, count);
  const ExclusiveUse use(&table, kCountTable);
  table.add(bytes, number);
}

std::unique_ptr<CountTable> make_table(const py::iterable& items) {
  auto table = std::make_unique<CountTable>();
  std::size_t index = 0;
  for (const py::handle item : items) {
    if (!PyTuple_Check(item.ptr()) || PyTuple_GET_SIZE(item.ptr()) != 2) {
      throw py::type_error("items[" + std::to_string(index) +
                           "] must be a tuple (pretoken, count), not " + short_repr(item));
    }
    add(*table, PyTuple_GET_ITEM(item.ptr(), 0), PyTuple_GET_ITEM(item.ptr(), 1));
    ++index;
  }
  return table;
}

void merge(CountTable& table, const CountTable& other, std::uint64_t min_frequency) {
  if (&table == &other) throw py::value_error("a count table cannot be merged into itself");
  const ExclusiveUse changed(&table, kCountTable);
  const SharedUse read(&other, kCountTable);
  if (min_frequency <= 1) {
    table.merge(other);
  } else {
    other.for_each([&](std::string_view pretoken, std::uint64_t count) {
      if (count >= min_frequency) table.add(pretoken, count);
    });
  }
}

void add_times(CountTable& table, const CountTable& other, const py::object& times) {
  if (&table == &other) throw py::value_error("a count table cannot be added to itself");
  const std::size_t number = at_least_one(times, "times");
  const ExclusiveUse changed(&table, kCountTable);
  const SharedUse read(&other, kCountTable);
  table.add_times(other, number);
}

CountOptions make_options(const py::object& num_threads, const py::object& chunk_bytes,
                          Spill* spill) {
  CountOptions options;
  options.num_threads = at_least_one(num_threads, "num_threads");
  if (!chunk_bytes.is_none()) options.chunk_bytes = at_least_one(chunk_bytes, "chunk_bytes");
  options.spill = spill;
  return options;
}

CountRules make_rules(const py::object& pattern, const py::object& special_tokens) {
  const TextViews specials(special_tokens, "special_tokens");
  return CountRules(pattern_argument(pattern), specials.views());
}

std::uint64_t first_cut(const py::bytes& data, const py::object& pattern,
                        const py::object& special_tokens, const py::object& near) {
  const CountRules rules = make_rules(pattern, special_tokens);
  const std::string_view text{PyBytes_AS_STRING(data.ptr()),
                              static_cast<std::size_t>(PyBytes_GET_SIZE(data.ptr()))};
  const std::size_t begin = std::min(at_least_one(near, "near"), text.size());
  const py::gil_scoped_release release;
  // What follows the data is unknown, so it does not end with a cut as a document would.
  return begin == text.size() ? begin
                              : find_cut_in_view(rules, text, begin, false).value_or(text.size());
}

template <class Work>
void run(std::uint64_t num_bytes, const py::object& progress, Work&& work) {
  if (num_bytes < kInterruptibleFrom && progress.is_none()) {
    Progress unwatched;
    work(unwatched);
  } else {
    Interruptible(progress).run(work);
  }
}

std::uint64_t num_bytes_of(const std::vector<std::string_view>& texts) {
  std::uint64_t num_bytes = 0;
  for (const std::string_view text : texts) num_bytes += text.size();
  return num_bytes;
}

std::unique_ptr<Counter> make_counter(const py::object& pattern, const py::object& special_tokens,
                                      const py::object& num_threads, const py::object& chunk_bytes,
                                      Spill* spill) {
  const CountOptions options = make_options(num_threads, chunk_bytes, spill);
  return std::make_unique<Counter>(make_rules(pattern, special_tokens), options);
}

void add_documents(Counter& counter, const py::object& documents, const py::object& progress) {
  const TextViews texts(documents, "documents");
  const ExclusiveUse use(&counter, kCounterName);
  run(num_bytes_of(texts.views()), progress,
      [&](Progress& state) { counter.add_documents(texts.views(), state); });
}

void add_files(Counter& counter, const py::iterable& paths, const py::object& progress) {
  std::vector<std::string> all;
  for (const py::handle path : paths) all.push_back(path_bytes(path));
  const ExclusiveUse use(&counter, kCounterName);
  Interruptible(progress).run([&](Progress& state) { counter.add_files(all, state); });
}

std::unique_ptr<CountTable> finish(Counter& counter, const py::object& progress) {
  const ExclusiveUse use(&counter, kCounterName);
  auto table = std::make_unique<CountTable>();
  run(counter.total(), progress, [&](Progress& state) { *table = counter.finish(state); });
  return table;
}

// Adds what `add` gives to the counter, all of it or, after an error, nothing. Only what is to be
// spilled goes on in place, so that it is never in memory twice.
template <class Add>
void count_into(CountTable& table, Counter& counter, bool spills, Progress& progress, Add&& add) {
  if (spills) counter.adopt(std::exchange(table, CountTable()));
  add();
  CountTable counted = counter.finish(progress);
  if (table.size() == 0) std::swap(table, counted);
  table.merge(counted);
}

void count_all_documents(CountTable& table, const py::object& documents, const py::object& pattern,
                         const py::object& special_tokens, const py::object& num_threads,
                         const py::object& progress, const py::object& chunk_bytes, Spill* spill) {
  const auto counter = make_counter(pattern, special_tokens, num_threads, chunk_bytes, spill);
  const TextViews texts(documents, "documents");
  const ExclusiveUse use(&table, kCountTable);
  run(num_bytes_of(texts.views()), progress, [&](Progress& state) {
    count_into(table, *counter, spill != nullptr, state,
               [&] { counter->add_documents(texts.views(), state); });
  });
}

void count_one_file(CountTable& table, const py::object& path, const py::object& pattern,
                    const py::object& special_tokens, const py::object& num_threads,
                    const py::object& progress, const py::object& chunk_bytes, Spill* spill) {
  const auto counter = make_counter(pattern, special_tokens, num_threads, chunk_bytes, spill);
  const std::array<std::string, 1> paths{path_bytes(path)};
  const ExclusiveUse use(&table, kCountTable);
  Interruptible(progress).run([&](Progress& state) {
    count_into(table, *counter, spill != nullptr, state, [&] { counter->add_files(paths, state); });
  });
}

py::list all_items(const CountTable& table) {
  const SharedUse use(&table, kCountTable);
  Progress unwatched;
  const std::vector<SortedItem> items = sorted_items(table, unwatched);
  py::list list(items.size());
  for (std::size_t index = 0; index < items.size(); ++index) {
    list[index] = to_tuple(items[index].pretoken, items[index].count);
  }
  return list;
}

py::list top(const CountTable& table, py::ssize_t n) {
  const SharedUse use(&table, kCountTable);
  return top_items<std::string_view>(table, n);
}

py::tuple summary(const CountTable& table) {
  const SharedUse use(&table, kCountTable);
  return summarize(table);
}

void merge_file(CountTable& table, const CountsFile& file, std::uint64_t min_frequency,
                const py::object& progress) {
  const ExclusiveUse use(&table, kCountTable);
  run(file.size() * kBytesPerEntry, progress,
      [&](Progress& state) { add_counts(table, file, min_frequency, state); });
}

std::size_t num_distinct(const CountTable& table) {
  const SharedUse use(&table, kCountTable);
  return table.size();
}

std::uint64_t total(const CountTable& table) {
  const SharedUse use(&table, kCountTable);
  return table.total();
}

}  // namespace

// Arguments are taken as plain objects and checked here: pybind11's own TypeError would print all
// of them, documents included.
void bind_counting(py::module_& module) {
  module.def("find_cut", &first_cut, py::arg("data"), py::arg("pattern"), py::arg("special_tokens"),
             py::arg("near"),
             "Return the first place from `near` on where a text that begins with the data may be "
             "cut so that its parts can be counted apart; len(data) if there is none in it.");
  py::class_<CountTable>(module, "CountTable", py::is_final(),
                         "Distinct pretokens and how often each occurs.")
      .def(py::init(&make_table), py::arg("items") = py::tuple())
      .def("add", &add, py::arg("pretoken"), py::arg("count"), "Count a pretoken so often more.")
      .def("merge", &merge, py::arg("other"), py::arg("min_frequency") = 1,
           "Add everything that another table counted.")
      .def("merge_file", &merge_file, py::arg("file"), py::arg("min_frequency") = 1,
           py::arg("progress") = py::none(), "Add everything that stands in a CountsFile.")
      .def("add_times", &add_times, py::arg("other"), py::arg("times"),
           "Add everything that another table counted, so many times.")
      .def("count_documents", &count_all_documents, py::arg("documents"), py::arg("pattern"),
           py::arg("special_tokens"), py::arg("num_threads"), py::arg("progress"),
           py::arg("chunk_bytes") = py::none(), py::arg("spill") = nullptr,
           "Split the documents and add their pretokens. Neither `chunk_bytes` nor `spill` changes "
           "the result.")
      .def("count_file", &count_one_file, py::arg("path"), py::arg("pattern"),
           py::arg("special_tokens"), py::arg("num_threads"), py::arg("progress"),
           py::arg("chunk_bytes") = py::none(), py::arg("spill") = nullptr,
           "The same for a file, read as one document.")
      .def("items", &all_items, "Return all (pretoken, count), sorted by the pretoken's bytes.")
      .def("top", &top, py::arg("n"),
           "Return the n largest, by count descending, then by bytes ascending.")
      .def("summary", &summary)
      .def("__len__", &num_distinct)
      .def_property_readonly("total", &total, "The sum of all counts.");
  py::class_<Counter>(module, "Counter", py::is_final(),
                      "Counts a corpus bit by bit; what its threads counted is joined once.")
      .def(py::init(&make_counter), py::arg("pattern"), py::arg("special_tokens"),
           py::arg("num_threads"), py::arg("chunk_bytes") = py::none(), py::arg("spill") = nullptr,
           py::keep_alive<1, 6>())
      .def("add_documents", &add_documents, py::arg("documents"), py::arg("progress"),
           "Split the documents and count their pretokens.")
      .def("add_files", &add_files, py::arg("paths"), py::arg("progress"),
           "The same for files, each read as one document.")
      .def("finish", &finish, py::arg("progress"),
           "Return all that was counted as a CountTable, and begin anew.");
}

}  // namespace bpe::bindings
