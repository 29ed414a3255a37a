// The Python class TokenTable, and what a Vocabulary is made from.
#include "bindings/vocabulary.h"

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "bindings/id_lists.h"
#include "bindings/snapshot.h"
#include "bindings/stages.h"
#include "bindings/text_view.h"
#include "vocab/ranked_tokens.h"

namespace py = pybind11;

namespace bpe::bindings {
namespace {

using Column = std::vector<std::uint32_t>;
using Table = std::shared_ptr<TokenTable>;

Column read_column(const py::object& object) {
  if (!py::isinstance<py::buffer>(object)) {
    throw py::type_error("a column of merges must be an array('I')");
  }
  const py::buffer_info info = py::cast<py::buffer>(object).request();
  if (info.ndim != 1 || info.itemsize != 4 || info.format != "I") {
    throw py::type_error("a column of merges must be an array('I')");
  }
  Column values(static_cast<std::size_t>(info.size));
  for (std::size_t row = 0; row < values.size(); ++row) {
    std::memcpy(
        &values[row],
        static_cast<const char*>(info.ptr) + info.strides[0] * static_cast<py::ssize_t>(row), 4);
  }
  return values;
}

py::bytes as_bytes(std::span<const std::uint32_t> column) {
  return {reinterpret_cast<const char*>(column.data()), column.size_bytes()};
}

py::bytes as_bytes(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

// Null, which is None, for lines that are not as they should be.
Table read_lines(const py::object& lines) {
  const TextView text(lines);
  const py::gil_scoped_release release;
  std::optional<TokenTable> table = read_ranked_tokens(text.bytes());
  return table ? std::make_shared<TokenTable>(std::move(*table)) : nullptr;
}

RankedMerges merges_of(const TokenTable& tokens) {
  const py::gil_scoped_release release;
  return find_ranked_merges(tokens);
}

py::bytes lengths_of(const TokenTable& table) {
  Column lengths;
  for (std::size_t i = 0; i < table.size(); ++i) {
    lengths.push_back(static_cast<std::uint32_t>(table.at(i).size()));
  }
  return as_bytes(lengths);
}

py::list all_tokens(const TokenTable& table) {
  py::list tokens(table.size());
  for (std::size_t i = 0; i < table.size(); ++i) tokens[i] = as_bytes(table.at(i));
  return tokens;
}

py::object bytes_of(const TokenTable& table, std::uint32_t id) {
  const std::string_view bytes = table.bytes_of(id);
  return bytes.data() == nullptr ? py::object(py::none()) : py::object(as_bytes(bytes));
}

Table table_of(const py::object& tokens) {
  if (py::isinstance<TokenTable>(tokens)) return py::cast<Table>(tokens);
  return std::make_shared<TokenTable>(Tokens(tokens, 0).views);
}

}  // namespace

Tokens::Tokens(const py::iterable& pairs, std::size_t id_at) : held(snapshot_of(pairs)) {
  const auto refuse = [](py::handle item) {
    throw py::type_error("a token is an id and its bytes, not " +
                         std::string(py::str(py::repr(item))));
  };
  views.reserve(held.size());
  for (const py::handle item : held) {
    if (!PyTuple_Check(item.ptr()) || PyTuple_GET_SIZE(item.ptr()) != 2) refuse(item);
    const py::handle id = PyTuple_GET_ITEM(item.ptr(), static_cast<Py_ssize_t>(id_at));
    const py::handle bytes = PyTuple_GET_ITEM(item.ptr(), static_cast<Py_ssize_t>(1 - id_at));
    if (!PyBytes_Check(bytes.ptr())) refuse(item);
    views.emplace_back(read_id(id, views.size()), TextView(bytes).bytes());
  }
}

Vocabulary make_vocabulary(const py::object& tokens, const py::object& left,
                           const py::object& right, const py::object& new_id,
                           const py::object& rank, bool whole_pretoken_first) {
  const Table table = table_of(tokens);
  if (left.is_none() && right.is_none() && new_id.is_none() && rank.is_none()) {
    const RankedMerges merges = merges_of(*table);
    return Vocabulary(table, {merges.left, merges.right, merges.new_id, merges.new_id},
                      whole_pretoken_first);
  }
  const Column columns[] = {read_column(left), read_column(right), read_column(new_id),
                            read_column(rank)};
  return Vocabulary(table, {columns[0], columns[1], columns[2], columns[3]}, whole_pretoken_first);
}

void bind_vocabulary(py::module_& module) {
  py::class_<TokenTable, Table>(module, "TokenTable", py::is_final())
      .def(py::init([](const py::iterable& pairs) { return TokenTable(Tokens(pairs, 0).views); }),
           py::arg("id_to_bytes"))
      .def("__len__", &TokenTable::size)
      .def("bytes_of", &bytes_of, py::arg("id"))
      .def("ids", [](const TokenTable& table) { return as_bytes(table.ids()); })
      .def("lengths", &lengths_of)
      .def("joined", [](const TokenTable& table) { return as_bytes(table.joined()); })
      .def("tokens", &all_tokens)
      .def("can_be_ranked", &can_be_ranked)
      .def("ranked_merges", [](const TokenTable& table) {
        const RankedMerges merges = merges_of(table);
        return py::make_tuple(as_bytes(merges.left), as_bytes(merges.right),
                              as_bytes(merges.new_id));
      });
  module.def("read_ranked_tokens", &read_lines, py::arg("lines"));
}

}  // namespace bpe::bindings
