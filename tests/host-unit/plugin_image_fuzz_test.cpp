// Shared objects as nobody's linker writes them: whatever the bytes, the host reads them or refuses them.
#include "elf_file.hpp"

#include <shunt/schemas/manifest.hpp>

#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include <elf.h>
#include <gtest/gtest.h>

namespace shunt {
namespace {

std::vector<std::byte> good_plugin() {
  std::ifstream stream(PLUGINS "good.so", std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(stream), {}};
  const auto whole = std::as_bytes(std::span(bytes));
  return {whole.begin(), whole.end()};
}

/// Reads what load_plugin_image reads of trusted bytes.
Status read(std::span<const std::byte> bytes) {
  SHUNT_TRY(elf, read_elf(bytes));
  SHUNT_TRY(manifest, parse_manifest(elf.manifest));
  return {};
}

void expect_read_or_refused(const Status& status) {
  if (status) return;
  const auto code = status.error().code;
  EXPECT_TRUE(code == ErrorCode::NotAPlugin || code == ErrorCode::WrongArchitecture || code == ErrorCode::BadManifest ||
              code == ErrorCode::TooLarge)
      << to_string(status.error());
  EXPECT_FALSE(status.error().message.empty());
}

TEST(HostilePlugin, cut_short_at_any_length_is_refused) {
  const auto good = good_plugin();
  ASSERT_TRUE(read(good));

  for (std::size_t size = 0; size < good.size(); ++size) {
    // On the heap and exactly this large: a read beyond the end is one that sanitizers see.
    const std::vector<std::byte> cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    const auto status = read(cut);
    ASSERT_FALSE(status) << size;
    ASSERT_EQ(status.error().code, ErrorCode::NotAPlugin) << size;
  }
}

TEST(HostilePlugin, with_any_bit_of_its_headers_flipped_is_read_or_refused) {
  const auto good = good_plugin();
  Elf64_Ehdr header;
  std::memcpy(&header, good.data(), sizeof header);
  const auto headers = header.e_phoff + header.e_phnum * sizeof(Elf64_Phdr);

  for (std::size_t bit = 0; bit < 8 * headers; ++bit) {
    auto flipped = good;
    flipped[bit / 8] ^= std::byte{1} << (bit % 8);
    expect_read_or_refused(read(flipped));
  }
}

TEST(HostilePlugin, with_random_bits_flipped_is_read_or_refused) {
  const auto good = good_plugin();
  std::mt19937_64 random(20261122);

  for (int round = 0; round < 4000; ++round) {
    auto flipped = good;
    for (std::uint64_t flips = 1 + random() % 8; flips > 0; --flips)
      flipped[random() % flipped.size()] ^= std::byte{1} << (random() % 8);
    expect_read_or_refused(read(flipped));
  }
}

TEST(HostilePlugin, with_random_words_in_its_headers_is_read_or_refused) {
  const auto good = good_plugin();
  std::mt19937_64 random(20261123);
  const std::uint64_t interesting[] = {0,
                                       1,
                                       7,
                                       0x7fffffff,
                                       0xffffffff,
                                       INT64_MAX,
                                       UINT64_MAX,
                                       UINT64_MAX - 7,
                                       good.size(),
                                       good.size() - 1,
                                       good.size() + 1};

  for (int round = 0; round < 4000; ++round) {
    auto changed = good;
    for (int words = 0; words < 3; ++words) {
      const auto value = random() % 2 == 0 ? interesting[random() % std::size(interesting)] : random();
      std::memcpy(changed.data() + 16 + random() % 1024, &value, 1ull << (random() % 4));
    }
    expect_read_or_refused(read(changed));
  }
}

TEST(HostilePlugin, of_random_bytes_behind_a_true_header_is_read_or_refused) {
  const auto good = good_plugin();
  std::mt19937_64 random(20261124);

  for (int round = 0; round < 1000; ++round) {
    auto noise = good;
    for (std::size_t i = sizeof(Elf64_Ehdr); i < noise.size(); ++i) noise[i] = static_cast<std::byte>(random());
    expect_read_or_refused(read(noise));
  }
}

}  // namespace
}  // namespace shunt
