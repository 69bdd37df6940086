#include <shunt/plugin-kit/runtime/throw_notes.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>

#include <execinfo.h>

namespace shunt::kit {
namespace {

struct Note {
  const void* exception = nullptr;
  int count = 0;
  std::array<void*, kFramesMax> addresses{};
};

/// A few: while one exception unwinds, destructors may throw and catch others.
struct Notes {
  std::array<Note, 4> notes{};
  unsigned next = 0;
};
constinit thread_local Notes thread_notes;

/// The object that the runtime library's exception_ptr points at: what __cxa_throw was given.
const void* current_exception_object() noexcept {
  const std::exception_ptr current = std::current_exception();
  const void* object = nullptr;
  static_assert(sizeof(current) == sizeof(object));
  std::memcpy(&object, static_cast<const void*>(&current), sizeof(object));
  return object;
}

}  // namespace

void note_throw(const void* exception, const void* site) noexcept {
  Note& note = thread_notes.notes[thread_notes.next++ % thread_notes.notes.size()];
  note.exception = exception;
  note.count = ::backtrace(note.addresses.data(), static_cast<int>(note.addresses.size()));
  // What lies inside the throwing machinery is of no interest: start at the throw itself.
  const auto end = note.addresses.begin() + note.count;
  const auto start = std::find(note.addresses.begin(), end, site);
  if (start == end) return;
  std::copy(start, end, note.addresses.begin());
  note.count = static_cast<int>(end - start);
}

Frames frames_of_current_exception(const ObjectRange& object) noexcept {
  Frames frames;
  const void* const exception = current_exception_object();
  if (exception == nullptr) return frames;
  // The newest first: an exception that is gone may have lain at the same place.
  for (unsigned back = 1; back <= thread_notes.notes.size(); ++back) {
    const Note& note = thread_notes.notes[(thread_notes.next - back) % thread_notes.notes.size()];
    if (note.exception != exception) continue;
    for (int i = 0; i < note.count; ++i)
      frames.values[frames.count++] =
          object.frame(reinterpret_cast<std::uintptr_t>(note.addresses[static_cast<std::size_t>(i)]));
    return frames;
  }
  return frames;
}

}  // namespace shunt::kit
