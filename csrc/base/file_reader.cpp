// System calls: open, fstat, pread.
#include "base/file_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/errors.h"

namespace bpe {
namespace {

// Systems refuse or shorten larger requests.
constexpr std::size_t kMaxRequest = std::size_t{1} << 30;

int open_for_reading(const std::string& path) {
  while (true) {
    // A named pipe must be refused below, not waited for here: hence O_NONBLOCK.
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor >= 0) return descriptor;
    if (errno != EINTR) throw FileError(errno, path);
  }
}

struct stat status_of(int descriptor, const std::string& path) {
  struct stat status;
  if (fstat(descriptor, &status) != 0) throw FileError(errno, path);
  return status;
}

void check_regular(int descriptor, const std::string& path) {
  const mode_t mode = status_of(descriptor, path).st_mode;
  if (S_ISDIR(mode)) throw FileError(EISDIR, path);
  if (!S_ISREG(mode)) {
    throw Error(ErrorKind::corpus, path +
                                       " is not a regular file: a pipe or a device has no size "
                                       "to share out; read it and pass the documents instead");
  }
}

}  // namespace

FileReader::FileReader(std::string path)
    : path_(std::move(path)), descriptor_(open_for_reading(path_)) {
  try {
    check_regular(descriptor_, path_);
    opened_ = state();
  } catch (...) {
    close(descriptor_);
    throw;
  }
}

FileReader::~FileReader() { close(descriptor_); }

void FileReader::read(std::uint64_t offset, std::span<char> buffer) const {
  while (!buffer.empty()) {
    const std::size_t count = read_some(offset, buffer);
    if (count == 0) fail_changed("it ends at byte " + std::to_string(offset));
    offset += count;
    buffer = buffer.subspan(count);
  }
}

void FileReader::check_unchanged() const {
  // Some files of the system have a size of 0 and content all the same.
  char beyond;
  if (read_some(opened_.size, {&beyond, 1}) != 0) fail_changed("it goes on after that");
  const State now = state();
  if (now.size != opened_.size) fail_changed("it has " + std::to_string(now.size) + " now");
  if (now != opened_) fail_changed("it was written to");
}

FileReader::State FileReader::state() const {
  const struct stat status = status_of(descriptor_, path_);
#ifdef __APPLE__
  const timespec& modified = status.st_mtimespec;
#else
  const timespec& modified = status.st_mtim;
#endif
  return {static_cast<std::uint64_t>(status.st_size), modified.tv_sec, modified.tv_nsec};
}

// One request, repeated when a signal interrupts it; 0 at the end of the file.
std::size_t FileReader::read_some(std::uint64_t offset, std::span<char> buffer) const {
  while (true) {
    const ssize_t count = pread(descriptor_, buffer.data(), std::min(buffer.size(), kMaxRequest),
                                static_cast<off_t>(offset));
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) throw FileError(errno, path_);
  }
}

void FileReader::fail_changed(const std::string& how) const {
  throw Error(ErrorKind::corpus, path_ + " changed while it was read: it had " +
                                     std::to_string(opened_.size) + " bytes, " + how +
                                     "; read a copy that nobody writes to");
}

}  // namespace bpe
