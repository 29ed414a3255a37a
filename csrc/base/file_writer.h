// Writes one file, from front to back or at given places.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/file_reader.h"

namespace bpe {

// Not buffered: give it tens of kilobytes at a time. Whatever the system refuses is a FileError
// that names the file.
class FileWriter {
 public:
  // Makes a new file; one that is there already is an error.
  explicit FileWriter(std::string path);
  // Writes to a descriptor that stays the caller's; `name` is for the errors.
  FileWriter(int descriptor, std::string name)
      : name_(std::move(name)), descriptor_(descriptor), is_owned_(false) {}
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  const std::string& name() const noexcept { return name_; }

  // Writes all of it.
  void write(std::string_view bytes);

  // Writes all of it to a place, whether the file is that long or not; safe from several threads.
  void write_at(std::uint64_t offset, std::string_view bytes) const;

  // Asks the system to begin taking what was written there to the disk, so that a later flush finds
  // little left to do. Only a hint, where the system has such a call.
  void begin_flushing(std::uint64_t offset, std::uint64_t size) const noexcept;

  // Some systems tell of a full disk only now.
  void close();

 private:
  std::string name_;
  int descriptor_;
  bool is_owned_;
};

}  // namespace bpe
