/// Memory: executable, shared, too much, or somebody else's.
#include "act.hpp"

#include <array>
#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace shunt::hostile {
namespace {

constexpr std::size_t kPage = 4096;
constexpr int kDescriptorsMax = 64;

int map(std::size_t bytes, int protection, int flags) {
  void* const memory = ::mmap(nullptr, bytes, protection, flags, -1, 0);
  if (memory == MAP_FAILED) return errno;
  ::munmap(memory, bytes);
  return 0;
}

int protect(int protection) {
  void* const memory = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return errno;
  const int result = result_of(::mprotect(memory, kPage, protection));
  ::munmap(memory, kPage);
  return result;
}

void* page_of(void* address) { return static_cast<char*>(address) - reinterpret_cast<std::uintptr_t>(address) % kPage; }

int protect_shared(const Stage& stage, int protection) {
  return result_of(::mprotect(page_of(stage.shared), kPage, protection));
}

int move_executable(const Stage&) {
  const auto key = ::syscall(SYS_pkey_alloc, 0, 0);
  void* const memory = ::mmap(nullptr, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return result_of(::syscall(SYS_pkey_mprotect, memory, kPage, PROT_READ | PROT_EXEC, key));
}

/// Does `attempt` to every descriptor there is: 0 when one lets it.
template <typename Attempt>
int with_every_descriptor(const Stage& stage, Attempt&& attempt) {
  int last = EBADF;
  for (int fd = stage.descriptors_from; fd < kDescriptorsMax; ++fd) {
    if (attempt(fd) >= 0) return 0;
    if (errno != EBADF) last = errno;
  }
  return last;
}

int resize(const Stage& stage) {
  return with_every_descriptor(stage, [](int fd) { return ::ftruncate(fd, 0); });
}
int punch(const Stage& stage) {
  return with_every_descriptor(
      stage, [](int fd) { return ::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, kPage); });
}
int seal(const Stage& stage) {
  return with_every_descriptor(stage, [](int fd) { return ::fcntl(fd, F_ADD_SEALS, F_SEAL_GROW); });
}
int double_descriptor(const Stage& stage) {
  return with_every_descriptor(stage, [](int fd) { return ::fcntl(fd, F_DUPFD, 0); });
}
int map_descriptor(const Stage& stage) {
  return with_every_descriptor(stage, [](int fd) {
    return ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0;
  });
}

int merge(const Stage&) {
  void* const own = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (own == MAP_FAILED) return errno;
  const int result = result_of(::madvise(own, kPage, MADV_MERGEABLE));
  ::munmap(own, kPage);
  return result;
}

/// What looks like a stack is not counted as private memory: touched page by page, from its end as stacks are.
int grow_as_stack(const Stage&) {
  constexpr std::size_t kBytes = std::size_t{512} << 20;
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_NORESERVE;
  void* const stack = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  if (stack == MAP_FAILED) return errno;
  for (std::size_t left = kBytes; left > 0; left -= kPage) static_cast<volatile char*>(stack)[left - 1] = 1;
  ::munmap(stack, kBytes);
  return 0;
}

/// Memory that is only read is not counted either, but for the tables that the kernel keeps of it once it is.
int map_for_page_tables(const Stage&) {
  return map(std::size_t{64} << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
}

constexpr std::array kActs{
    Act{"memory", "map_writable_code", Stop::Denied, "mmap",
        [](const Stage&) { return map(kPage, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS); }},
    Act{"memory", "map_code", Stop::Denied, "mmap",
        [](const Stage&) { return map(kPage, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS); }},
    Act{"memory", "make_heap_executable", Stop::Denied, "mprotect",
        [](const Stage&) { return protect(PROT_READ | PROT_EXEC); }},
    Act{"memory", "make_all_of_it", Stop::Denied, "mprotect",
        [](const Stage&) { return protect(PROT_READ | PROT_WRITE | PROT_EXEC); }},
    Act{"memory", "protect_by_key", Stop::Denied, "pkey_mprotect", move_executable},
    Act{"memory", "map_shared", Stop::Denied, "mmap",
        [](const Stage&) { return map(kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS); }},
    Act{"memory", "map_shared_validated", Stop::Denied, "mmap",
        [](const Stage& s) {
          return result_of(::syscall(SYS_mmap, 0, kPage, PROT_READ, MAP_SHARED_VALIDATE, s.descriptors_from, 0));
        }},
    Act{"memory", "map_huge_pages", Stop::Denied, "mmap",
        [](const Stage&) {  // that none are set aside shows only where one is touched
          return map(2u << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE);
        }},
    Act{"memory", "memory_bomb", Stop::NoMemory, "",
        [](const Stage& s) { return map(s.bytes_max, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS); }},
    Act{"memory", "lock_memory", Stop::Denied, "mlock",
        [](const Stage& s) { return result_of(::mlock(page_of(s.shared), kPage)); }},
    Act{"memory", "make_lane_writable", Stop::Sealed, "",
        [](const Stage& s) { return protect_shared(s, PROT_READ | PROT_WRITE); }},
    Act{"memory", "make_lane_executable", Stop::Denied, "mprotect",
        [](const Stage& s) { return protect_shared(s, PROT_READ | PROT_EXEC); }},
    Act{"memory", "punch_lane_by_advice", Stop::Denied, "madvise",
        [](const Stage& s) { return result_of(::madvise(page_of(s.shared), kPage, MADV_REMOVE)); }},
    Act{"memory", "resize_lane", Stop::Denied, "ftruncate", resize},
    Act{"memory", "punch_lane", Stop::Denied, "fallocate", punch},
    Act{"memory", "seal_lane", Stop::Denied, "fcntl", seal},
    Act{"memory", "map_lane_again", Stop::Denied, "mmap", map_descriptor},
    Act{"memory", "double_descriptor", Stop::Denied, "fcntl", double_descriptor},
    Act{"memory", "remap_pages", Stop::Denied, "remap_file_pages",
        [](const Stage& s) { return result_of(::syscall(SYS_remap_file_pages, page_of(s.shared), kPage, 0, 1, 0)); }},
    Act{"memory", "merge_with_others", Stop::Denied, "madvise", merge},
    Act{"memory", "memory_bomb_as_stack", Stop::Denied, "mmap", grow_as_stack},
    Act{"memory", "bomb_of_page_tables", Stop::NoMemory, "", map_for_page_tables},
};

}  // namespace

std::span<const Act> memory_acts() { return kActs; }

}  // namespace shunt::hostile
