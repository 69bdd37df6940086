#include "hostile_plugin.hpp"

#include "liar.hpp"

#include <csignal>
#include <cstring>
#include <functional>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

namespace shunt::test {
namespace {

using bus::ChunkId;
using bus::Kind;
using bus::MessageHeader;
using bus::Place;
using bus::Ring;

bool any(const MessageHeader&) { return true; }

void take(Liar& liar, int messages) {
  for (int i = 0; i < messages; ++i) liar.await_message(any);
}

/// What the host asks of a version that it leads away from.
struct AskedSnapshot {
  std::uint64_t bytes_max = 0;
  bus::UniqueFd file{};
};
AskedSnapshot await_snapshot(Liar& liar) {
  for (;;) {
    auto packet = liar.control().receive();
    if (!packet) ::_exit(1);
    if (const auto* const snapshot = packet->message().body_as_Snapshot(); snapshot != nullptr)
      return {snapshot->bytes_max(), std::move(packet->descriptors.at(0))};
  }
}

void write_down(Liar& liar, std::uint64_t bytes) {
  control::SnapshottedT said;
  said.bytes = bytes;
  static_cast<void>(liar.control().send(std::move(said)));
}

using Act = void (*)(Liar&);

const std::map<std::string, Act> kActs{
    {"a read position ahead", [](Liar& liar) { liar.positions().read[0] = 1000; }},
    {"a read position that goes back",
     [](Liar& liar) {
       take(liar, 12);
       liar.positions().read[0] = 12;
       take(liar, 5);  // there was no room for the 17th before the host saw the 12
       liar.positions().read[0] = 7;
     }},
    {"a mark ahead", [](Liar& liar) { liar.positions().begun[0] = 1000; }},
    {"a mark of done before begun",
     [](Liar& liar) {
       take(liar, 2);
       liar.positions().done[0] = 2;
     }},
    {"a mark that goes back",
     [](Liar& liar) {
       take(liar, 2);
       liar.positions().begun[0] = 2;
       liar.positions().done[0] = 2;
       for (int i = 0; i < 100; ++i) {  // the host looks at marks every few messages: it has seen the 2
         take(liar, 1);
         liar.positions().read[0] = liar.taken();
       }
       liar.positions().done[0] = 1;
     }},
    {"a commit word of no lap", [](Liar& liar) { liar.mine().rings[0][0].commit = 77; }},
    {"a commit word of no lap for replies", [](Liar& liar) { liar.mine().rings[1][0].commit = 77; }},
    {"a returned item of no lap", [](Liar& liar) { liar.give_back(0, 1, 99); }},
    {"a returned chunk out of range", [](Liar& liar) { liar.give_back(ChunkId::of(9, 1).packed, 1, 1); }},
    {"a returned index out of range", [](Liar& liar) { liar.give_back(ChunkId::of(0, 99'999).packed, 1, 1); }},
    {"a returned chunk that was never had", [](Liar& liar) { liar.give_back(ChunkId::of(0, 1).packed, 1, 1); }},
    {"a returned chunk of generation 0", [](Liar& liar) { liar.give_back(ChunkId::of(0, 1).packed, 0, 1); }},
    {"a returned chunk of another generation",
     [](Liar& liar) {
       const auto header = liar.await_chunk();
       liar.give_back(header.chunk.packed, header.generation + 1, 1);
     }},
    {"a chunk that is returned twice",
     [](Liar& liar) {
       const auto header = liar.await_chunk();
       liar.give_back(header.chunk.packed, header.generation, 1);
       liar.give_back(header.chunk.packed, header.generation, 1);
     }},
    {"a payload nowhere",
     [](Liar& liar) {
       auto header = liar.inside(8);
       header.place = static_cast<Place>(7);
       liar.send(Ring::Data, header);
     }},
    {"a payload in a class that is not there",
     [](Liar& liar) { liar.send(Ring::Data, liar.in_chunk(ChunkId::of(9, 0), 8)); }},
    {"a payload in a chunk that is not there",
     [](Liar& liar) { liar.send(Ring::Data, liar.in_chunk(ChunkId::of(0, 99'999), 8)); }},
    {"a payload of generation 0",
     [](Liar& liar) {
       auto header = liar.in_chunk(ChunkId::of(0, 0), 8);
       header.generation = 0;
       liar.send(Ring::Data, header);
     }},
    {"a payload larger than its class",
     [](Liar& liar) { liar.send(Ring::Data, liar.in_chunk(ChunkId::of(0, 0), 257)); }},
    {"a payload that ends beyond its chunk",
     [](Liar& liar) { liar.send(Ring::Data, liar.in_chunk(ChunkId::of(0, 0), 16, 248)); }},
    {"a payload whose end wraps around",
     [](Liar& liar) { liar.send(Ring::Data, liar.in_chunk(ChunkId::of(0, 0), 16, 0xfffffff8)); }},
    {"a payload off every boundary",
     [](Liar& liar) { liar.send(Ring::Data, liar.in_chunk(ChunkId::of(0, 0), 16, 3)); }},
    {"a payload larger than its message", [](Liar& liar) { liar.send(Ring::Data, liar.inside(193)); }},
    {"bytes without a place",
     [](Liar& liar) {
       auto header = liar.publication();
       header.payload_bytes = 8;
       liar.send(Ring::Data, header);
     }},
    {"a chunk that is sent twice",
     [](Liar& liar) {
       for (int i = 0; i < 2; ++i) liar.send(Ring::Data, liar.in_chunk(ChunkId::of(0, 0), 16));
     }},
    {"a kind that is not known",
     [](Liar& liar) {
       auto header = liar.publication();
       header.kind = static_cast<Kind>(99);
       liar.send(Ring::Data, header);
     }},
    {"a reply among the data", [](Liar& liar) { liar.send(Ring::Data, liar.reply_to(liar.await_request())); }},
    {"data among the replies", [](Liar& liar) { liar.send(Ring::Reply, liar.publication()); }},
    {"a publication on a route that is not its own",
     [](Liar& liar) {
       auto header = liar.publication();
       header.route = liar.orders();
       liar.send(Ring::Data, header);
     }},
    {"a publication on a route that nobody has",
     [](Liar& liar) {
       auto header = liar.publication();
       header.route = 4'000'000'000;
       liar.send(Ring::Data, header);
     }},
    {"a call that it did not declare",
     [](Liar& liar) {
       auto header = liar.call_for(0);
       header.route = liar.function();
       liar.send(Ring::Data, header);
     }},
    {"a reply for another route",
     [](Liar& liar) {
       auto header = liar.reply_to(liar.await_request());
       header.route = liar.callee();
       liar.send(Ring::Reply, header);
     }},
    {"a reply to nothing",
     [](Liar& liar) {
       MessageHeader nothing;
       nothing.route = liar.function();
       nothing.correlation = 77ull << 16 | 5;
       liar.send(Ring::Reply, liar.reply_to(nothing));
     }},
    {"two replies to one request",
     [](Liar& liar) {
       const auto request = liar.await_request();
       for (int i = 0; i < 2; ++i) liar.send(Ring::Reply, liar.reply_to(request));
     }},
    {"a call for a request that it was not sent",
     [](Liar& liar) { liar.send(Ring::Data, liar.call_for(1ull << 60 | 5)); }},
    {"a call for a publication that it was not sent",
     [](Liar& liar) { liar.send(Ring::Data, liar.call_for(1ull << 63 | 5'000'000)); }},
    {"a failure of 900 frames", [](Liar& liar) { liar.fail(900); }},
    {"a failure of a million frames", [](Liar& liar) { liar.fail(1'000'000); }},
    {"a phase out of turn", [](Liar& liar) { liar.say(control::Phase::Init); }},
    {"a phase that is over", [](Liar& liar) { liar.say(control::Phase::Activate); }},
    {"a phase that is over, once a message came",
     [](Liar& liar) {
       take(liar, 1);
       for (;;) liar.say(control::Phase::Activate);
     }},
    {"a failure that nobody asked for", [](Liar& liar) { liar.say(control::Phase::Activate, 1); }},
    {"late, the second time",
     [](Liar& liar) {
       if (liar.control().receive()) liar.clean_up();
     }},
    {"a forged account",
     [](Liar& liar) {
       bus::CrashNote& note = liar.mine().fixed->crash;
       std::memset(static_cast<void*>(&note), 0x1b, sizeof note);
       note.frame_count = note.thrown_count = 4'000'000'000;
       note.signal = SIGSEGV;
       note.terminated = 1;
       ::_exit(7);
     }},
    {"a word that is none",
     [](Liar& liar) { static_cast<void>(::send(liar.control().fd(), "\x07garbage", 8, MSG_NOSIGNAL)); }},
    {"a false word about its pool",
     [](Liar& liar) {
       for (auto* const words : {&liar.mine().fixed->pool.loaned, &liar.mine().fixed->pool.refused})
         for (auto& word : *words) word = ~0u;
     }},
    {"health all the time",
     [](Liar& liar) {
       for (std::uint8_t i = 0;; i ^= 2) liar.feel(i);
     }},
    {"failures all the time",
     [](Liar& liar) {
       for (std::uint64_t count = 1;; ++count) liar.stumble(count);
     }},
    {"a health that is none", [](Liar& liar) { liar.feel(9); }},
    {"done without an answer",
     [](Liar& liar) {
       for (;;) {
         liar.await_message(any);
         liar.positions().begun[0] = liar.taken();
         liar.positions().done[0] = liar.taken();
         liar.positions().read[0] = liar.taken();
       }
     }},
    {"spinning behind fresh marks",
     [](Liar& liar) {
       liar.await_request();
       const std::thread refresher([&] {
         for (;;) {
           liar.claim_all();
           liar.free(liar.taken());
           liar.show_life();
         }
       });
       for (;;) bus::spin_pause();
     }},
    {"spinning behind marks that stand still",
     [](Liar& liar) {
       liar.await_request();
       for (;;) liar.show_life();
     }},
    {"spinning while it publishes",
     [](Liar& liar) {
       liar.await_request();
       for (;;) {
         liar.claim_all();
         liar.free(liar.taken());
         liar.publish_if_there_is_room();
       }
     }},
    {"done and never read",
     [](Liar& liar) {
       for (;;) liar.claim_all();
     }},
    {"done one by one, and slowly",
     [](Liar& liar) {
       liar.await_request();
       for (std::uint64_t count = 1; count < liar.taken(); ++count) {
         ::usleep(20'000);
         liar.claim(count);
         liar.free(count);
       }
     }},
    {"a snapshot that nobody asked for", [](Liar& liar) { write_down(liar, 8); }},
    {"a restore that nobody asked for",
     [](Liar& liar) { static_cast<void>(liar.control().send(control::RestoredT{})); }},
    {"a snapshot larger than its file", [](Liar& liar) { write_down(liar, await_snapshot(liar).bytes_max + 1); }},
    {"a snapshot of nothing", [](Liar& liar) { write_down(liar, (await_snapshot(liar), 0)); }},
    {"two snapshots",
     [](Liar& liar) {
       await_snapshot(liar);
       for (;;) write_down(liar, 8);
     }},
    {"restored instead of written down",
     [](Liar& liar) {
       await_snapshot(liar);
       static_cast<void>(liar.control().send(control::RestoredT{}));
     }},
    {"a state of garbage",
     [](Liar& liar) {
       const bus::UniqueFd file = std::move(await_snapshot(liar).file);
       const std::array<char, 64> garbage{'\x07', 'g', 'a', 'r', 'b', 'a', 'g', 'e'};
       static_cast<void>(::write(file.get(), garbage.data(), garbage.size()));
       write_down(liar, garbage.size());
       for (;;) ::pause();
     }},
    {"a state that ends before it says",
     [](Liar& liar) {
       const AskedSnapshot asked = await_snapshot(liar);
       static_cast<void>(::ftruncate(asked.file.get(), 0));  // sealed against that
       write_down(liar, asked.bytes_max);
       for (;;) ::pause();
     }},
    {"a descriptor nobody asked for",
     [](Liar& liar) {
       control::EnteredT entered;
       entered.phase = control::Phase::Activate;
       static_cast<void>(liar.control().send(std::move(entered), std::array{STDERR_FILENO}));
     }},
};

}  // namespace

void run_hostile_plugin(kit::ControlPacket& attach, const std::string& breach) {
  Liar liar{attach};
  if (breach.starts_with("late") && !liar.is_first()) liar.answer_late();
  liar.enter_phases();
  if (const auto act = kActs.find(breach); act != kActs.end()) act->second(liar);
  for (;;) ::pause();
}

}  // namespace shunt::test
