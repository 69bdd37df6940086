#pragma once
/// What this process has of the things that a host must not leave behind.
///
///     warm_up();                                    // libraries keep a thread once they are used
///     const Census before = take_census();
///     ...
///     EXPECT_TRUE(eventually([&] { return take_census() == before; })) << to_string(take_census());

#include <cstddef>
#include <string>

namespace storm {

struct Census {
  std::size_t descriptors = 0;
  std::size_t memfds = 0;  ///< Mappings of them; open ones are among the descriptors.
  std::size_t threads = 0;
  std::size_t children = 0;  ///< Processes that have not ended.
  friend bool operator==(const Census&, const Census&) = default;
};

/// While no host runs: it waits for orphans that have ended, and would for a host's children.
Census take_census();
std::string to_string(const Census& census);

/// Physical memory of this process.
std::size_t resident_bytes();

/// From now on processes whose parents were killed become children of this one: none can hide.
void adopt_orphans();

}  // namespace storm
