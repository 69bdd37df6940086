#pragma once
/// What acts are tried on: files, a socket, a process; made for them and gone with the scope.

#include "acts/act.hpp"

#include <string>

#include <sys/types.h>
#include <temporary_directory.hpp>

namespace shunt::test {

class ActStage {
 public:
  ActStage();
  ~ActStage();
  ActStage(const ActStage&) = delete;
  ActStage& operator=(const ActStage&) = delete;

  /// As the acts need it where there is no sandbox: with memory and a descriptor that can be had.
  [[nodiscard]] hostile::Stage open() const;
  [[nodiscard]] std::string folder() const { return directory_.path().string(); }
  [[nodiscard]] pid_t stranger() const noexcept { return stranger_; }
  [[nodiscard]] int strangers_descriptor() const noexcept { return memory_; }

  /// Runs the act in a child that is not confined. The errno that stopped it; 0: nothing did; -1: the child died.
  [[nodiscard]] int try_unconfined(const hostile::Act& act) const;

 private:
  TemporaryDirectory directory_;
  pid_t stranger_ = -1;
  int door_ = -1;
  int memory_ = -1;
  void* shared_ = nullptr;
};

}  // namespace shunt::test
