#pragma once
/// A /dev/shm and a /tmp of this program's own, where iceoryx keeps all its names: neither another test nor a RouDi of
/// the machine meets them, and they go with the last process in them.
///
///     int main(int argc, char** argv) { return shunt::test::run_in_private_mounts(argc, argv); }

namespace shunt::test {

/// Runs all tests of the program there.
int run_in_private_mounts(int argc, char** argv);

}  // namespace shunt::test
