#pragma once
/// A /dev/shm and a /tmp of this program's own, where iceoryx keeps all its names: neither another test nor a RouDi of
/// the machine meets them, and they go with the last process in them.
///
///     int main(int argc, char** argv) { return shunt::test::run_in_private_mounts(argc, argv); }

#include <filesystem>

namespace shunt::test {

/// Whether the sources or the programs of this tree lie below `folder`: in /tmp it is the one that was there before.
[[nodiscard]] bool holds_tree(const std::filesystem::path& folder);

/// Runs all tests of the program there.
int run_in_private_mounts(int argc, char** argv);

}  // namespace shunt::test
