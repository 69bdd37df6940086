// Payloads verified by their schema alone: what generated verifiers take is taken, and what is torn or bent is not
// read.
#include "payload_verifier.hpp"

#include "binary_schema.hpp"

#include <cstring>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace shunt {
namespace {

/// A payload in memory that is aligned as the host keeps it, and of exactly its size.
class Bytes {
 public:
  explicit Bytes(std::span<const std::uint8_t> from) : words_((from.size() + 7) / 8), size_(from.size()) {
    if (!from.empty()) std::memcpy(words_.data(), from.data(), from.size());
  }
  [[nodiscard]] std::span<std::uint8_t> span() { return {reinterpret_cast<std::uint8_t*>(words_.data()), size_}; }

 private:
  std::vector<std::uint64_t> words_;
  std::size_t size_;
};

std::vector<std::uint8_t> made(const char* schema, const char* root, const std::string& json) {
  flatbuffers::IDLOptions options;
  options.lang_to_generate = flatbuffers::IDLOptions::kCpp;
  flatbuffers::Parser parser(options);
  if (!parser.Parse(schema) || !parser.SetRootType(root) || !parser.ParseJson(json.c_str()))
    throw std::runtime_error(parser.error_);
  const auto* const data = parser.builder_.GetBufferPointer();
  return {data, data + parser.builder_.GetSize()};
}

PayloadVerifier verifier_of(const char* schema, const std::string& root) {
  const std::vector files{test::binary_schema(schema)};
  auto verifier = PayloadVerifier::of(files, root);
  if (!verifier) throw std::runtime_error(to_string(verifier.error()));
  return *std::move(verifier);
}

TEST(PayloadVerifier, takes_one_of_every_kind_of_member_and_of_none) {
  const auto verifier = verifier_of(test::kEverything, "zoo.Cage");

  for (const char* json : {test::kCage, R"({"name": ""})"})
    EXPECT_TRUE(verifier.accepts(Bytes{made(test::kEverything, "zoo.Cage", json)}.span())) << json;
}

TEST(PayloadVerifier, refuses_what_lacks_a_required_member_or_is_of_another_type) {
  const auto cage = verifier_of(test::kEverything, "zoo.Cage");
  const auto dog = made(test::kEverything, "zoo.Cat", R"({"lives": 3})");

  EXPECT_FALSE(cage.accepts(Bytes{dog}.span()));
  EXPECT_FALSE(cage.accepts({}));
}

TEST(PayloadVerifier, refuses_what_was_torn_off_anywhere) {
  const auto verifier = verifier_of(test::kEverything, "zoo.Cage");
  const auto whole = made(test::kEverything, "zoo.Cage", test::kCage);

  for (std::size_t bytes = 0; bytes + 8 < whole.size(); ++bytes)  // the last may fill up
    EXPECT_FALSE(verifier.accepts(Bytes{std::span{whole}.first(bytes)}.span())) << bytes;
}

TEST(PayloadVerifier, reads_nothing_outside_of_bytes_that_were_bent_and_agrees_with_itself) {
  const auto verifier = verifier_of(test::kEverything, "zoo.Cage");
  const auto whole = made(test::kEverything, "zoo.Cage", test::kCage);
  std::mt19937 random{1};
  std::size_t refused = 0;

  for (int i = 0; i < 20'000; ++i) {
    Bytes bent{whole};
    for (unsigned count = 1 + random() % 4; count > 0; --count)
      bent.span()[random() % whole.size()] = static_cast<std::uint8_t>(random());
    const bool taken = verifier.accepts(bent.span());
    EXPECT_EQ(verifier.accepts(bent.span()), taken);
    refused += taken ? 0u : 1u;
  }

  EXPECT_GT(refused, 5'000u);
}

TEST(PayloadVerifier, bounds_how_deep_a_payload_goes) {
  constexpr const char* kChain = "table Link { next: Link; }";
  const auto verifier = verifier_of(kChain, "Link");
  const auto chain = [&](int links) {
    std::string json = "{}";
    for (int i = 1; i < links; ++i) json.insert(0, R"({"next": )").append("}");
    return made(kChain, "Link", json);
  };

  EXPECT_TRUE(verifier.accepts(Bytes{chain(32)}.span()));
  EXPECT_FALSE(verifier.accepts(Bytes{chain(33)}.span()));
}

TEST(PayloadVerifier, of_a_struct_looks_at_the_size_alone) {
  const auto verifier = verifier_of("struct Place { x: float; y: double; } table T { p: Place; }", "Place");
  std::vector<std::uint8_t> place(16, 0xff);

  EXPECT_TRUE(verifier.accepts(Bytes{place}.span()));
  EXPECT_FALSE(verifier.accepts(Bytes{std::span{place}.first(15)}.span()));
  place.push_back(0);
  EXPECT_FALSE(verifier.accepts(Bytes{place}.span()));
}

}  // namespace
}  // namespace shunt
