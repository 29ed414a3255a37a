// The Arrow C data interface: three structs that any library may fill and any other may read.
//
// Layout and meaning are fixed by https://arrow.apache.org/docs/format/CDataInterface.html; nothing
// of Arrow is linked or included. Whoever holds a struct whose `release` is set calls it once.
#pragma once

#include <cstdint>

namespace bpe::arrow {

struct Schema {
  const char* format;  // the type, as a short code: "u" is a string with 32-bit offsets
  const char* name;
  const char* metadata;
  std::int64_t flags;
  std::int64_t n_children;
  Schema** children;
  Schema* dictionary;
  void (*release)(Schema*);
  void* private_data;
};

struct Array {
  std::int64_t length;
  std::int64_t null_count;  // -1: not computed
  std::int64_t offset;      // rows to leave out at the start of every buffer
  std::int64_t n_buffers;
  std::int64_t n_children;
  const void** buffers;  // of a string: validity bits (or null), offsets, bytes
  Array** children;
  Array* dictionary;
  void (*release)(Array*);
  void* private_data;
};

struct ArrayStream {
  int (*get_schema)(ArrayStream*, Schema*);
  int (*get_next)(ArrayStream*, Array*);  // an array without `release` is the end
  const char* (*get_last_error)(ArrayStream*);
  void (*release)(ArrayStream*);
  void* private_data;
};

}  // namespace bpe::arrow
