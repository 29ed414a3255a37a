// Tokens and merges on their way from Python into a Vocabulary.
#pragma once

#include <pybind11/pybind11.h>

#include <vector>

#include "vocab/token_table.h"
#include "vocab/vocabulary.h"

namespace bpe::bindings {

// Pairs of id and bytes, with the objects that own the bytes.
struct Tokens {
  pybind11::tuple held;
  std::vector<IdAndBytes> views;

  // `id_at` says whether the id is the first (0) or the second (1) of each pair.
  Tokens(const pybind11::iterable& pairs, std::size_t id_at);
};

// `tokens` is a TokenTable or pairs of id and bytes. Four columns array('I'), or None four times
// for the merges that ranked tokens mean.
Vocabulary make_vocabulary(const pybind11::object& tokens, const pybind11::object& left,
                           const pybind11::object& right, const pybind11::object& new_id,
                           const pybind11::object& rank, bool whole_pretoken_first);

}  // namespace bpe::bindings
