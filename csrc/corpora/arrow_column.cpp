// One reader a layout; what they share is the loop over rows that are not null.
#include "corpora/arrow_column.h"

#include <optional>
#include <string>

#include "base/errors.h"

namespace bpe::arrow {
namespace {

// The rows of a table that hold something, from the table down to the column.
struct Rows {
  std::int64_t first;
  std::int64_t length;
};

bool is_set(const void* bits, std::int64_t index) {
  const auto* const bytes = static_cast<const std::uint8_t*>(bits);
  return (bytes[index / 8] >> (index % 8) & 1) != 0;
}

bool is_null(const Array& array, std::int64_t index) {
  const void* const validity = array.n_buffers > 0 ? array.buffers[0] : nullptr;
  return array.null_count != 0 && validity != nullptr && !is_set(validity, index);
}

template <class T>
const T* buffer(const Array& array, std::int64_t index) {
  if (index >= array.n_buffers) {
    throw Error(ErrorKind::corpus, "an Arrow array of text has too few buffers; it is damaged");
  }
  return static_cast<const T*>(array.buffers[index]);
}

[[noreturn]] void fail_damaged(std::int64_t row) {
  throw Error(ErrorKind::corpus, "row " + std::to_string(row) +
                                     " of an Arrow array lies outside its bytes; it is damaged");
}

// Text and binary with a list of offsets.
template <class Offset>
class OffsetText {
 public:
  explicit OffsetText(const Array& array)
      : offsets_(buffer<Offset>(array, 1)), bytes_(buffer<char>(array, 2)) {}

  std::string_view operator()(std::int64_t row) const {
    const Offset begin = offsets_[row];
    const Offset end = offsets_[row + 1];
    if (begin < 0 || end < begin) fail_damaged(row);
    if (begin == end) return {};  // there may be no buffer of bytes then
    return {bytes_ + begin, static_cast<std::size_t>(end - begin)};
  }

 private:
  const Offset* offsets_;
  const char* bytes_;
};

// Text and binary of the view layout: short ones in place, long ones in one of several buffers.
class ViewText {
 public:
  explicit ViewText(const Array& array) : array_(array), views_(buffer<View>(array, 1)) {}

  std::string_view operator()(std::int64_t row) const {
    constexpr std::int32_t kMaxInPlace = 12;
    const View& view = views_[row];
    if (view.length < 0) fail_damaged(row);
    const auto length = static_cast<std::size_t>(view.length);
    if (view.length <= kMaxInPlace) return {view.in_place(), length};
    if (view.buffer < 0 || view.offset < 0) fail_damaged(row);
    return {buffer<char>(array_, 2 + view.buffer) + view.offset, length};
  }

 private:
  struct View {
    std::int32_t length;
    char prefix[4];
    std::int32_t buffer;
    std::int32_t offset;

    const char* in_place() const { return reinterpret_cast<const char*>(this) + 4; }
  };
  static_assert(sizeof(View) == 16);

  const Array& array_;
  const View* views_;
};

template <class Index>
class Dictionary {
 public:
  explicit Dictionary(const Array& array) : indices_(buffer<Index>(array, 1)) {}
  std::int64_t operator()(std::int64_t row) const {
    return static_cast<std::int64_t>(indices_[row]);
  }

 private:
  const Index* indices_;
};

// Calls visit(text), where text(row) reads a row of the array of text.
template <class Visit>
bool with_text(std::string_view format, const Array& array, Visit&& visit) {
  if (format == "u" || format == "z") {
    visit(OffsetText<std::int32_t>(array));
  } else if (format == "U" || format == "Z") {
    visit(OffsetText<std::int64_t>(array));
  } else if (format == "vu" || format == "vz") {
    visit(ViewText(array));
  } else {
    return false;
  }
  return true;
}

template <class Visit>
bool with_indices(std::string_view format, const Array& array, Visit&& visit) {
  if (format.size() != 1) return false;
  switch (format[0]) {
    case 'c': visit(Dictionary<std::int8_t>(array)); return true;
    case 'C': visit(Dictionary<std::uint8_t>(array)); return true;
    case 's': visit(Dictionary<std::int16_t>(array)); return true;
    case 'S': visit(Dictionary<std::uint16_t>(array)); return true;
    case 'i': visit(Dictionary<std::int32_t>(array)); return true;
    case 'I': visit(Dictionary<std::uint32_t>(array)); return true;
    case 'l': visit(Dictionary<std::int64_t>(array)); return true;
    case 'L': visit(Dictionary<std::uint64_t>(array)); return true;
    default: return false;
  }
}

// Adds what read(row) gives for every row; nullopt is a null. Returns the number of nulls.
template <class Read>
std::uint64_t add_rows(DocumentBatch& batch, Rows rows, Read&& read) {
  std::uint64_t num_nulls = 0;
  for (std::int64_t row = rows.first; row < rows.first + rows.length; ++row) {
    const std::optional<std::string_view> text = read(row);
    if (text) {
      batch.add(*text);
    } else {
      ++num_nulls;
    }
  }
  return num_nulls;
}

// nullopt when the type is no text.
std::optional<std::uint64_t> add_plain(DocumentBatch& batch, const Schema& schema,
                                       const Array& array, Rows rows) {
  std::uint64_t num_nulls = 0;
  const bool is_text = with_text(schema.format, array, [&](const auto& text) {
    num_nulls = add_rows(batch, rows, [&](std::int64_t row) -> std::optional<std::string_view> {
      if (is_null(array, row)) return std::nullopt;
      return text(row);
    });
  });
  return is_text ? std::optional(num_nulls) : std::nullopt;
}

std::optional<std::uint64_t> add_dictionary(DocumentBatch& batch, const Schema& schema,
                                            const Array& array, Rows rows) {
  const Array& values = *array.dictionary;
  std::uint64_t num_nulls = 0;
  bool has_indices = false;
  const bool is_text = with_text(schema.dictionary->format, values, [&](const auto& text) {
    has_indices = with_indices(schema.format, array, [&](const auto& index_of) {
      num_nulls = add_rows(batch, rows, [&](std::int64_t row) -> std::optional<std::string_view> {
        if (is_null(array, row)) return std::nullopt;
        const std::int64_t index = index_of(row);
        if (index < 0 || index >= values.length) fail_damaged(row);
        if (is_null(values, values.offset + index)) return std::nullopt;
        return text(values.offset + index);
      });
    });
  });
  return is_text && has_indices ? std::optional(num_nulls) : std::nullopt;
}

std::string_view name_of(const Schema& schema) {
  return schema.name == nullptr ? std::string_view() : schema.name;
}

std::string names_of(const Schema& schema) {
  std::string names;
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    names += (i == 0 ? "'" : ", '") + std::string(name_of(*schema.children[i])) + "'";
  }
  return names.empty() ? "none" : names;
}

// The kinds of type that people hit by choosing another column, in words.
std::string type_name(const Schema& schema) {
  const std::string_view format = schema.dictionary ? schema.dictionary->format : schema.format;
  if (format.starts_with("+l") || format.starts_with("+L") || format.starts_with("+w")) {
    return "list";
  }
  if (format == "+s") return "struct";
  if (format == "b") return "bool";
  if (format == "l") return "int64";
  if (format == "i") return "int32";
  if (format == "g") return "double";
  if (format == "f") return "float";
  if (format.starts_with("t")) return "a date or time";
  return "'" + std::string(format) + "' (as Arrow abbreviates it)";
}

std::int64_t find_column(const Schema& schema, std::string_view field) {
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    if (name_of(*schema.children[i]) == field) return i;
  }
  throw Error(ErrorKind::corpus, "there is no column '" + std::string(field) +
                                     "'; the columns are " + names_of(schema));
}

std::uint64_t add_array(DocumentBatch& batch, const Schema& schema, const Array& array, Rows rows,
                        std::string_view name) {
  const bool has_dictionary = schema.dictionary != nullptr && array.dictionary != nullptr;
  if (schema.format == std::string_view("n")) return static_cast<std::uint64_t>(rows.length);
  const auto num_nulls = has_dictionary ? add_dictionary(batch, schema, array, rows)
                                        : add_plain(batch, schema, array, rows);
  if (num_nulls) return *num_nulls;
  throw Error(ErrorKind::corpus, "the column '" + std::string(name) + "' is of type " +
                                     type_name(schema) + ", not text");
}

}  // namespace

std::uint64_t add_column(DocumentBatch& batch, const Schema& schema, const Array& array,
                         std::string_view field) {
  if (schema.format != std::string_view("+s")) {
    return add_array(batch, schema, array, {array.offset, array.length}, name_of(schema));
  }
  const std::int64_t column = find_column(schema, field);
  const Array& child = *array.children[column];
  // A row of the table is the row of the column that is as far behind both their offsets.
  return add_array(batch, *schema.children[column], child,
                   {child.offset + array.offset, array.length}, field);
}

}  // namespace bpe::arrow
