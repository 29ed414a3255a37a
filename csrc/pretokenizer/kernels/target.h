// Opens and closes a region whose functions are compiled for more than the baseline CPU.
//
// Include every header first: what is defined inside the region must run on that CPU only, and so
// each kernel keeps everything it defines there in a namespace of its own.
#pragma once

#define BPE_PRAGMA(text) _Pragma(#text)

#if defined(__clang__)
#define BPE_TARGET_BEGIN(features) \
  BPE_PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define BPE_TARGET_END BPE_PRAGMA(clang attribute pop)
#else
#define BPE_TARGET_BEGIN(features) \
  BPE_PRAGMA(GCC push_options)     \
  BPE_PRAGMA(GCC target(features))
#define BPE_TARGET_END BPE_PRAGMA(GCC pop_options)
#endif
