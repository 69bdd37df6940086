/// The peers `ring_padded` and `ring_inline`: what two processes can do with shared memory and nothing else.

#include "inline_ring.hpp"
#include "padded_ring.hpp"
#include "paired_subject.hpp"
#include "peers.hpp"
#include "ring_transport.hpp"

#include <utility>

#include <sys/mman.h>
#include <unistd.h>

namespace shunt::bench {

Result<RingMemory> RingMemory::create(std::size_t bytes) {
  const int descriptor = memfd_create("shunt-bench-ring", MFD_CLOEXEC);
  if (descriptor < 0) return system_error("memfd_create for a ring");
  void* base = MAP_FAILED;
  if (ftruncate(descriptor, static_cast<off_t>(bytes)) == 0)
    base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (base == MAP_FAILED) {
    auto failed = system_error(fmt::format("mapping a ring of {} bytes", bytes));
    close(descriptor);
    return failed;
  }
  close(descriptor);
  return RingMemory{static_cast<std::byte*>(base), bytes};
}

RingMemory::RingMemory(RingMemory&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

RingMemory::~RingMemory() {
  if (base_ != nullptr) munmap(base_, bytes_);
}

std::unique_ptr<Subject> make_padded_ring() {
  return std::make_unique<PairedSubject<RingTransport<PaddedRing>>>(PeerTraits{.name = "ring_padded"});
}

std::unique_ptr<Subject> make_inline_ring() {
  return std::make_unique<PairedSubject<RingTransport<InlineRing>>>(PeerTraits{.name = "ring_inline"});
}

}  // namespace shunt::bench
