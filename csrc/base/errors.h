// Errors that reach Python: each kind has one Python class (bindings/errors.cpp holds the map).
#pragma once

#include <stdexcept>
#include <string>

namespace bpe {

enum class ErrorKind {
  training,
  pattern,
  corpus,
  vocabulary,
  format,
  special_token,
  encode,
  decode
};

// Bad input. The message names the thing, the place and the remedy; a broken invariant of our own
// is a std::logic_error instead and becomes RuntimeError.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const noexcept { return kind_; }

 private:
  ErrorKind kind_;
};

// Thrown by a worker that was told to stop; never reaches the user (bindings/interruptible.h).
struct Cancelled {};

}  // namespace bpe
