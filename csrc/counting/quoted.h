// A pretoken as it is shown in an error message.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bpe {

// The bytes as a Python literal, cut when they are many.
inline std::string quoted(std::string_view bytes) {
  constexpr std::size_t kShownBytes = 40;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = "b'";
  for (const unsigned char byte : bytes.substr(0, kShownBytes)) {
    if (byte >= 0x20 && byte < 0x7F && byte != '\'' && byte != '\\') {
      text += static_cast<char>(byte);
    } else {
      text += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return text + (bytes.size() > kShownBytes ? "'..." : "'");
}

}  // namespace bpe
