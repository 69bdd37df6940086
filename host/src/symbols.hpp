#pragma once
/// Names for addresses in a plugin's object, so that a backtrace can be read.

#include <shunt/schemas/result.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace shunt::host {

/// What an address of a backtrace is: where something struck, or where a call will return to.
enum class FrameKind : std::uint8_t { Struck, Return };

class Symbols {
 public:
  /// Reads the symbol table of the ELF object behind `fd`. Empty when it was stripped. Reads a file: not for the
  /// control loop. Errors: NotAPlugin.
  [[nodiscard]] static Result<Symbols> read(int fd);

  /// "momentum::Momentum::signal(...) +0x1f", escaped. A frame with bit 63 set lies outside the object.
  [[nodiscard]] std::string describe(std::uint64_t frame, FrameKind kind) const;

 private:
  struct Symbol {
    std::uint64_t begin = 0;
    std::uint64_t size = 0;
    std::string name;
  };
  std::vector<Symbol> symbols_;  // by begin
};

}  // namespace shunt::host
