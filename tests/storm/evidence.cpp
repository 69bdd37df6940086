#include "evidence.hpp"

#include <algorithm>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace storm {
namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

}  // namespace

Evidence::Evidence(const std::filesystem::path& file)
    : file_(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) {
  if (!file_) fail("making the file for evidence");
  for (auto& sheet : entries_) sheet.resize(kIdsMax);
}

void Evidence::read() {
  std::array<Record, 512> records{};
  for (;;) {
    const ssize_t bytes = ::pread(file_.get(), records.data(), sizeof records, read_);
    if (bytes < 0) fail("reading the evidence");
    const std::size_t count = static_cast<std::size_t>(bytes) / sizeof(Record);
    if (count == 0) return;
    read_ += static_cast<off_t>(count * sizeof(Record));
    for (std::size_t i = 0; i < count; ++i) add(records[i]);
  }
}

void Evidence::add(const Record& record) {
  const auto sheet = static_cast<std::size_t>(record.sheet);
  const auto actor = static_cast<std::size_t>(record.actor);
  if (record.mark != Record::kMark || sheet >= kSheets || actor >= handled_.size() || record.id >= kIdsMax)
    throw std::runtime_error("the evidence holds something else than records");
  Entry& entry = entries_[sheet][record.id];
  switch (record.deed) {
    case Deed::Fresh: ++entry.fresh; break;
    case Deed::Flagged: ++entry.flagged; break;
    case Deed::Done: ++entry.done; break;
    case Deed::Spoiled: ++entry.spoiled; break;
  }
  if (record.deed == Deed::Fresh || record.deed == Deed::Flagged) ++handled_[actor];
}

void Evidence::wipe() {
  if (::ftruncate(file_.get(), 0) != 0) fail("emptying the evidence");
  read_ = 0;
  for (auto& sheet : entries_) std::fill(sheet.begin(), sheet.end(), Entry{});
}

}  // namespace storm
