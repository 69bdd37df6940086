// What a process that holds a lane's descriptors can and cannot do to the memory.

#include "lane_pair.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

namespace shunt::bus {
namespace {

using test::must;

constexpr std::size_t kBytes = 8192;

bool maps_writable(int fd) {
  void* const data = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (data == MAP_FAILED) return false;
  ::munmap(data, kBytes);
  return true;
}

TEST(Memory, is_zero_filled_and_has_the_size_asked_for) {
  const auto memory = must(create_memory("test", kBytes));
  const auto mapping = must(Mapping::map(memory.get(), kBytes, Access::ReadOnly));

  EXPECT_EQ(must(sealed_size(memory.get())), kBytes);
  EXPECT_EQ(mapping.size(), kBytes);
  for (std::size_t i = 0; i < kBytes; ++i) ASSERT_EQ(mapping.data()[i], std::byte{0});
}

TEST(Memory, is_there_in_full_before_anybody_maps_it) {
  const auto memory = must(create_memory("test", kBytes));
  struct stat status {};
  ASSERT_EQ(::fstat(memory.get(), &status), 0);

  EXPECT_GE(static_cast<std::size_t>(status.st_blocks) * 512, kBytes);
}

TEST(Memory, that_is_more_than_a_file_may_have_is_refused_with_the_limits_name) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit low{kBytes, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &low), 0);

  const auto fits = create_memory("test", kBytes);
  const auto does_not = create_memory("test", kBytes + 1);

  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_TRUE(fits);
  ASSERT_FALSE(does_not);
  EXPECT_EQ(does_not.error().code, ErrorCode::System);
  EXPECT_NE(does_not.error().message.find("ulimit -f"), std::string::npos) << does_not.error().message;
}

TEST(Memory, can_neither_shrink_nor_grow) {
  const auto memory = must(create_memory("test", kBytes));

  EXPECT_EQ(::ftruncate(memory.get(), kBytes / 2), -1);
  EXPECT_EQ(::ftruncate(memory.get(), kBytes * 2), -1);
  EXPECT_EQ(::fallocate(memory.get(), 0, kBytes, kBytes), -1);
  EXPECT_EQ(must(sealed_size(memory.get())), kBytes);
}

TEST(Memory, sealed_against_future_writes_cannot_be_mapped_writable_or_written) {
  const auto memory = must(create_memory("test", kBytes));
  ASSERT_TRUE(maps_writable(memory.get()));

  must(seal_future_writes(memory.get()));

  EXPECT_FALSE(maps_writable(memory.get()));
  EXPECT_EQ(::pwrite(memory.get(), "x", 1, 0), -1);
  EXPECT_EQ(::fallocate(memory.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, kBytes), -1);
}

TEST(Memory, the_writers_own_mapping_survives_the_seal_and_readers_see_its_writes) {
  const auto memory = must(create_memory("test", kBytes));
  const auto writer = must(Mapping::map(memory.get(), kBytes, Access::ReadWrite));
  must(seal_future_writes(memory.get()));
  const auto reader = must(Mapping::map(memory.get(), kBytes, Access::ReadOnly));

  writer.data()[100] = std::byte{42};

  EXPECT_EQ(reader.data()[100], std::byte{42});
}

TEST(Memory, a_read_only_mapping_of_sealed_memory_cannot_become_writable) {
  const auto memory = must(create_memory("test", kBytes));
  must(seal_future_writes(memory.get()));
  const auto mapping = must(Mapping::map(memory.get(), kBytes, Access::ReadOnly));

  EXPECT_EQ(::mprotect(mapping.data(), kBytes, PROT_READ | PROT_WRITE), -1);
}

TEST(Memory, of_any_size_that_could_still_shrink_is_refused) {
  const UniqueFd open_memory{::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  ASSERT_EQ(::ftruncate(open_memory.get(), kBytes), 0);

  const auto size = sealed_size(open_memory.get());

  ASSERT_FALSE(size.has_value());
  EXPECT_EQ(size.error().code, ErrorCode::BadInput);
}

TEST(Memory, a_descriptor_that_is_no_memfd_is_refused) {
  const UniqueFd file{::open("/dev/null", O_RDONLY | O_CLOEXEC)};

  EXPECT_EQ(sealed_size(file.get()).error().code, ErrorCode::System);
  EXPECT_EQ(sealed_size(-1).error().code, ErrorCode::System);
  EXPECT_EQ(Mapping::map(-1, kBytes, Access::ReadOnly).error().code, ErrorCode::System);
}

TEST(Memory, a_mapping_that_moved_is_unmapped_once_and_keeps_its_address) {
  const auto memory = must(create_memory("test", kBytes));
  auto first = must(Mapping::map(memory.get(), kBytes, Access::ReadWrite));
  std::byte* const address = first.data();

  Mapping second = std::move(first);
  Mapping third;
  third = std::move(second);

  EXPECT_EQ(third.data(), address);
  third.data()[0] = std::byte{1};
  EXPECT_EQ(first.data(), nullptr);
}

TEST(Memory, the_plugin_cannot_write_what_the_host_writes) {
  test::InboundPool inbound;
  const test::LanePair lane{inbound};
  auto* const host_side = const_cast<Side*>(&lane.plugin->theirs());

  EXPECT_FALSE(maps_writable(lane.memory.host_side.get()));
  EXPECT_FALSE(maps_writable(inbound.memory.get()));
  EXPECT_EQ(::mprotect(host_side, lane.shape.host_side.bytes(), PROT_READ | PROT_WRITE), -1);
}

TEST(Memory, nobody_can_add_a_seal_to_a_lane) {
  test::InboundPool inbound;
  const test::LanePair lane{inbound};

  for (const int memory :
       {lane.memory.host_side.get(), lane.memory.plugin_side.get(), lane.memory.outbound.get(), inbound.memory.get()})
    EXPECT_EQ(::fcntl(memory, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), -1)
        << "an outbound memory that an ended instance sealed could serve no other";
}

}  // namespace
}  // namespace shunt::bus
