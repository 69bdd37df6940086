#pragma once
/// An outbound pool as a plugin sees it: loans, refusals and what each send does with a sample, in the launcher's
/// words.

#include "last_error.hpp"

#include <shunt/bus/geometry.hpp>
#include <shunt/plugin-kit/test/stand_in.hpp>
#include <shunt/plugin.h>

#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace shunt::test {

/// Any thread: what a plugin answers later it may send from another one than its handlers'.
class Outbound {
 public:
  Outbound(std::vector<bus::SizeClass> classes, kit::LastError& error);

  /// Memory of its own for each loan, so that a sanitizer sees who uses one that was sent.
  int loan(std::size_t bytes, shunt_sample& out);
  void give_back(shunt_sample& sample);
  /// Consumes the sample, also when it fails.
  int take(shunt_sample& sample, std::size_t offset, std::size_t bytes, Outgoing& out);

  [[nodiscard]] std::size_t on_loan() const {
    const std::lock_guard lock{mutex_};
    return loans_.size();
  }

 private:
  struct Chunk {
    std::unique_ptr<std::uint64_t[]> memory;
    std::size_t size_class = 0;
    std::size_t capacity = 0;
  };

  // Under the mutex.
  /// The place of the smallest class that fits and has a chunk, or an error code that is set.
  int find_class(std::size_t bytes, std::size_t& found);
  Chunk redeem(std::uint64_t handle);

  mutable std::mutex mutex_;
  std::vector<bus::SizeClass> classes_;  // `chunks` counts those that are not on loan
  std::map<std::uint64_t, Chunk> loans_;
  std::uint64_t last_handle_ = 0;
  kit::LastError& error_;
};

}  // namespace shunt::test
