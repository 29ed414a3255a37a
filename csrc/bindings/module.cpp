// The Python module bpe._core: a list of its stages.
#include <pybind11/pybind11.h>

#include "bindings/stages.h"

PYBIND11_MODULE(_core, module, pybind11::mod_gil_not_used()) {
  using namespace bpe::bindings;
  module.doc() = "The native engine of bpe; use it through bpe.native.";
  bind_errors(module);
  bind_corpora(module);
  bind_pretokenizer(module);
  bind_counting(module);
  bind_counts_files(module);
  bind_trainer(module);
  bind_vocabulary(module);
  bind_codec(module);
  bind_batches(module);
  bind_encode_files(module);
  bind_dropout(module);
  bind_frozen(module);
}
