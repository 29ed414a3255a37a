// Lends working memory to calls: as many as run at once exist, and each keeps what it has learned.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace bpe {

// Safe to share and, having no lock, safe to fork at any time. At most kShelves idle workspaces are
// kept; what comes back when all shelves are full is freed.
template <class Workspace>
class WorkspacePool {
 public:
  static constexpr std::size_t kShelves = 64;

  // A workspace that goes back to its pool, which must outlive it.
  class Lease {
   public:
    Lease(WorkspacePool& pool, std::unique_ptr<Workspace> workspace)
        : pool_(pool), workspace_(std::move(workspace)) {}
    ~Lease() { pool_.put_back(std::move(workspace_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    Workspace& operator*() const noexcept { return *workspace_; }
    Workspace* operator->() const noexcept { return workspace_.get(); }

   private:
    WorkspacePool& pool_;
    std::unique_ptr<Workspace> workspace_;
  };

  WorkspacePool() = default;
  ~WorkspacePool() {
    for (auto& shelf : shelves_) std::unique_ptr<Workspace>(shelf.load());
  }
  WorkspacePool(const WorkspacePool&) = delete;
  WorkspacePool& operator=(const WorkspacePool&) = delete;

  // The first on the shelves, or a new one made by `make`, which returns a unique_ptr.
  template <class Make>
  Lease take(Make&& make) {
    for (auto& shelf : shelves_) {
      if (shelf.load(std::memory_order_relaxed) == nullptr) continue;
      if (Workspace* found = shelf.exchange(nullptr, std::memory_order_acquire)) {
        return Lease(*this, std::unique_ptr<Workspace>(found));
      }
    }
    return Lease(*this, make());
  }

 private:
  void put_back(std::unique_ptr<Workspace> workspace) noexcept {
    for (auto& shelf : shelves_) {
      Workspace* empty = nullptr;
      if (shelf.load(std::memory_order_relaxed) != nullptr) continue;
      if (shelf.compare_exchange_strong(empty, workspace.get(), std::memory_order_release,
                                        std::memory_order_relaxed)) {
        static_cast<void>(workspace.release());
        return;
      }
    }
  }

  std::array<std::atomic<Workspace*>, kShelves> shelves_{};
};

}  // namespace bpe
