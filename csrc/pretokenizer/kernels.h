// The implementations of the scanners: the scalar machines, and SIMD for the CPUs that have it.
//
// All give the same pretokens on every text; they differ in speed only. Which one runs is decided
// once, at run time: the best that the CPU supports, or the one that BPE_FORCE_KERNEL names.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "pretokenizer/pretokenizer.h"

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define BPE_HAS_X86_KERNELS 1
#else
#define BPE_HAS_X86_KERNELS 0
#endif

// The kernels read words of text as little-endian numbers.
#if defined(__aarch64__) && !defined(__AARCH64EB__) && (defined(__GNUC__) || defined(__clang__))
#define BPE_HAS_NEON_KERNEL 1
#else
#define BPE_HAS_NEON_KERNEL 0
#endif

namespace bpe {

struct Kernel {
  std::string_view name;
  bool (*runs_here)() noexcept;
  std::array<FillFunction, kNumPatterns> fill;  // in the order of PatternId
};

extern const Kernel kScalarKernel;
#if BPE_HAS_X86_KERNELS
extern const Kernel kAvx2Kernel;
extern const Kernel kAvx512Kernel;
#endif
#if BPE_HAS_NEON_KERNEL
extern const Kernel kNeonKernel;
#endif

// Those that this CPU can run, the slowest first.
std::span<const Kernel* const> usable_kernels();

// nullptr if there is no such kernel, or not on this CPU.
const Kernel* kernel_by_name(std::string_view name);

// The kernel in use. Throws std::invalid_argument if BPE_FORCE_KERNEL names none that runs here.
const Kernel& active_kernel();

}  // namespace bpe
