// One function a stage: each adds its part to the Python module.
#pragma once

#include <pybind11/pybind11.h>

namespace bpe::bindings {

void bind_errors(pybind11::module_& module);
void bind_corpora(pybind11::module_& module);
void bind_pretokenizer(pybind11::module_& module);
void bind_counting(pybind11::module_& module);
void bind_counts_files(pybind11::module_& module);
void bind_trainer(pybind11::module_& module);
void bind_vocabulary(pybind11::module_& module);
void bind_codec(pybind11::module_& module);
void bind_batches(pybind11::module_& module);
void bind_encode_files(pybind11::module_& module);
void bind_dropout(pybind11::module_& module);
void bind_frozen(pybind11::module_& module);

}  // namespace bpe::bindings
