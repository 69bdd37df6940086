#pragma once
/// Where a plugin's manifest is in its shared object: an ELF note in a PT_NOTE segment, readable without running it.
///
/// The note's name is kNoteName with its zero byte, its type kNoteType, its descriptor a FlatBuffer
/// shunt.manifest.Manifest (copy it before reading: a note is aligned to 4 bytes only). The build hash is the start of
/// the GNU build id beside it.

#include <cstdint>

namespace shunt {

inline constexpr char kNoteName[] = "Shunt";
inline constexpr std::uint32_t kNoteType = 0x53484D46;  ///< "SHMF", as the manifest's file identifier.
inline constexpr char kNoteSection[] = ".note.shunt";   ///< The section; the loader and readers use the segment.

}  // namespace shunt
