// Which kernels this CPU can run, and which one is in use.
#include "pretokenizer/kernels.h"

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace bpe {
namespace {

constexpr std::array kAll = {
    &kScalarKernel,
#if BPE_HAS_X86_KERNELS
    &kAvx2Kernel,
    &kAvx512Kernel,
#endif
#if BPE_HAS_NEON_KERNEL
    &kNeonKernel,
#endif
};

struct Usable {
  std::array<const Kernel*, kAll.size()> kernels{};
  std::size_t count = 0;

  Usable() {
    for (const Kernel* kernel : kAll) {
      if (kernel->runs_here()) kernels[count++] = kernel;
    }
  }
};

const Kernel& choose_kernel() {
  const char* forced = std::getenv("BPE_FORCE_KERNEL");
  if (forced == nullptr || *forced == '\0') return *usable_kernels().back();
  if (const Kernel* kernel = kernel_by_name(forced)) return *kernel;
  std::string known;
  for (const Kernel* kernel : usable_kernels()) known.append(" ").append(kernel->name);
  throw std::invalid_argument("BPE_FORCE_KERNEL is '" + std::string(forced) +
                              "'; the kernels of this CPU are" + known);
}

}  // namespace

std::span<const Kernel* const> usable_kernels() {
  static const Usable usable;
  return {usable.kernels.data(), usable.count};
}

const Kernel* kernel_by_name(std::string_view name) {
  for (const Kernel* kernel : usable_kernels()) {
    if (kernel->name == name) return kernel;
  }
  return nullptr;
}

const Kernel& active_kernel() {
  static const Kernel& kernel = choose_kernel();
  return kernel;
}

}  // namespace bpe
