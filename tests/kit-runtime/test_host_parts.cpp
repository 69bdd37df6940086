/// What a test host takes apart, and what it hands over.
#include "test_host.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace shunt::test {

std::string Answer::failure() const {
  const auto failure = flatbuffers::GetRoot<control::Failure>(payload.data());
  flatbuffers::Verifier verifier{reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size()};
  if (header.status == 0 || !verifier.VerifyBuffer<control::Failure>(nullptr) || failure->message() == nullptr)
    return "no failure";
  return failure->message()->str();
}

std::vector<std::uint64_t> Answer::frames() const {
  const auto failure = flatbuffers::GetRoot<control::Failure>(payload.data());
  if (header.status == 0 || failure->frames() == nullptr) return {};
  return {failure->frames()->begin(), failure->frames()->end()};
}

bus::UniqueFd memory_of(const std::string& path, bool sealed) {
  std::ifstream file{path, std::ios::binary};
  const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
  bus::UniqueFd memory{::memfd_create("plugin", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  if (::write(memory.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
    throw std::runtime_error("copying " + path);
  if (sealed) ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  return memory;
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator folder{"/proc/self/fd"};
  return static_cast<std::size_t>(std::distance(begin(folder), end(folder)));
}

}  // namespace shunt::test
