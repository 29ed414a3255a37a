// Refuses to touch an object that another call is in the middle of changing.
//
// Long work releases the GIL, and progress callbacks run Python in the middle of it: then a second
// call can reach the same object. It raises RuntimeError instead of racing. (It must not wait: the
// first call may need the GIL that the second one holds.)
#pragma once

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace bpe::bindings {

// All objects in use at this moment; there are never many.
class ObjectsInUse {
 public:
  static ObjectsInUse& instance() {
    static ObjectsInUse objects;
    return objects;
  }

  void enter(const void* object, bool exclusive, const char* name) {
    const std::lock_guard lock(mutex_);
    for (const Use& use : uses_) {
      if (use.object == object && (exclusive || use.exclusive)) {
        throw std::runtime_error(
            std::string("the ") + name +
            " is in use by another call, in "
            "another thread or around this callback; wait until that one ends");
      }
    }
    uses_.push_back({object, exclusive});
  }

  void leave(const void* object) noexcept {
    const std::lock_guard lock(mutex_);
    const auto use = std::find_if(uses_.rbegin(), uses_.rend(),
                                  [&](const Use& each) { return each.object == object; });
    *use = uses_.back();
    uses_.pop_back();
  }

 private:
  struct Use {
    const void* object;
    bool exclusive;
  };

  std::mutex mutex_;
  std::vector<Use> uses_;
};

// What error messages call it.
inline constexpr const char* kCountTable = "count table";
inline constexpr const char* kDocumentBatch = "batch of documents";

// Held while an object is changed: nobody else may use it. `name` is for the error message.
class ExclusiveUse {
 public:
  ExclusiveUse(const void* object, const char* name) : object_(object) {
    ObjectsInUse::instance().enter(object, true, name);
  }
  ~ExclusiveUse() { ObjectsInUse::instance().leave(object_); }
  ExclusiveUse(const ExclusiveUse&) = delete;
  ExclusiveUse& operator=(const ExclusiveUse&) = delete;

 private:
  const void* object_;
};

// Held while an object is read: others may read it too, nobody may change it.
class SharedUse {
 public:
  SharedUse(const void* object, const char* name) : object_(object) {
    ObjectsInUse::instance().enter(object, false, name);
  }
  ~SharedUse() { ObjectsInUse::instance().leave(object_); }
  SharedUse(const SharedUse&) = delete;
  SharedUse& operator=(const SharedUse&) = delete;

 private:
  const void* object_;
};

}  // namespace bpe::bindings
