#pragma once
/// Reads a plugin's manifest as a host does: from the PT_NOTE segment of the file, without running any of it.

#include <shunt/schemas/note.hpp>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <elf.h>
#include <sys/wait.h>

namespace shunt::test {

inline std::vector<char> file_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The descriptor of the first note of that name and type; empty when there is none.
inline std::vector<std::uint8_t> note(const std::vector<char>& elf, std::string_view name, std::uint32_t type) {
  const auto padded = [](std::size_t bytes) { return (bytes + 3) & ~std::size_t{3}; };
  Elf64_Ehdr header;
  std::memcpy(&header, elf.data(), sizeof header);
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    std::memcpy(&segment, elf.data() + header.e_phoff + static_cast<std::size_t>(i) * sizeof segment, sizeof segment);
    if (segment.p_type != PT_NOTE) continue;
    for (std::size_t at = segment.p_offset; at + sizeof(Elf64_Nhdr) <= segment.p_offset + segment.p_filesz;) {
      Elf64_Nhdr note;
      std::memcpy(&note, elf.data() + at, sizeof note);
      const char* note_name = elf.data() + at + sizeof note;
      const char* descriptor = note_name + padded(note.n_namesz);
      if (note.n_type == type && note.n_namesz == name.size() + 1 && name == note_name)
        return {descriptor, descriptor + note.n_descsz};
      at += sizeof note + padded(note.n_namesz) + padded(note.n_descsz);
    }
  }
  return {};
}

inline std::vector<std::uint8_t> manifest_note(const std::filesystem::path& plugin) {
  return note(file_bytes(plugin), kNoteName, kNoteType);
}

inline std::string build_id(const std::filesystem::path& plugin) {
  std::string text;
  for (const auto byte : note(file_bytes(plugin), "GNU", NT_GNU_BUILD_ID)) {
    std::array<char, 3> hex;
    std::snprintf(hex.data(), hex.size(), "%02x", byte);
    text += hex.data();
  }
  return text;
}

struct Ran {
  int exit = -1;
  std::string output;  ///< stdout and stderr.
};

inline Ran run(const std::string& command) {
  std::FILE* pipe = popen(("LC_ALL=C; export LC_ALL; { " + command + "; } 2>&1").c_str(), "r");
  Ran ran;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) ran.output += static_cast<char>(c);
  const int status = pclose(pipe);
  ran.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

}  // namespace shunt::test
