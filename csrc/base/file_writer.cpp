#include "base/file_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace bpe {

FileWriter::FileWriter(std::string path)
    : name_(std::move(path)),
      descriptor_(::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)),
      is_owned_(true) {
  if (descriptor_ < 0) throw FileError(errno, name_);
}

FileWriter::~FileWriter() {
  if (is_owned_ && descriptor_ >= 0) ::close(descriptor_);
}

void FileWriter::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw FileError(errno, name_);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void FileWriter::write_at(std::uint64_t offset, std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw FileError(errno, name_);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
}

void FileWriter::begin_flushing(std::uint64_t offset, std::uint64_t size) const noexcept {
#ifdef __linux__
  static_cast<void>(::sync_file_range(descriptor_, static_cast<off_t>(offset),
                                      static_cast<off_t>(size), SYNC_FILE_RANGE_WRITE));
#else
  static_cast<void>(offset);
  static_cast<void>(size);
#endif
}

void FileWriter::close() {
  if (!is_owned_ || descriptor_ < 0) return;
  const int descriptor = std::exchange(descriptor_, -1);
  if (::close(descriptor) != 0) throw FileError(errno, name_);
}

}  // namespace bpe
