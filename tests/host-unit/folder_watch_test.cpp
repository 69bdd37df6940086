/// A folder as the kernel tells of it, and a loop that listens.
#include "folder_watch.hpp"

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <temporary_directory.hpp>

namespace shunt::host {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kPatience = 30s;

/// Soon.
FolderWatch::Settings quick() { return {.settle = 5ms, .settle_max = 50ms}; }

class FolderWatches : public testing::Test {
 protected:
  FolderWatches() { EXPECT_TRUE(loop_->start()); }
  ~FolderWatches() override {
    on_loop([this] { watch_.reset(); });
    loop_->stop();
  }

  /// On the loop's thread, to its end.
  void on_loop(const std::function<void()>& work) {
    std::promise<void> done;
    loop_->post([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }
  Status watch(const std::filesystem::path& folder, FolderWatch::Settings settings = quick()) {
    Status status;
    on_loop([&] {
      auto opened = FolderWatch::open(*loop_, folder, std::move(settings),
                                      {.changed = [this](const std::string& name) { note(name); },
                                       .all_changed = [this] { note("everything"); },
                                       .lost = [this](const Error& why) { note(why.message); }});
      if (opened) watch_ = *std::move(opened);
      else status = tl::make_unexpected(opened.error());
    });
    return status;
  }
  /// Whether it was told, sooner or later.
  bool hears_of(const std::string& name) {
    std::unique_lock lock{mutex_};
    return heard_more_.wait_for(lock, kPatience, [&] { return std::ranges::count(heard_, name) > 0; });
  }
  /// What was told until everything before this call was.
  std::vector<std::string> heard_so_far() {
    directory_.write("plugins/last.so", "");
    EXPECT_TRUE(hears_of("last.so"));
    const std::lock_guard lock{mutex_};
    return heard_;
  }
  /// What was in the file when it was told of last.
  std::string read_last(const std::string& name) {
    const std::lock_guard lock{mutex_};
    return read_[name];
  }
  void forget() {
    const std::lock_guard lock{mutex_};
    heard_.clear();
  }
  std::filesystem::path file(const std::string& name) { return folder_ / name; }

  const test::TemporaryDirectory directory_;
  const std::filesystem::path folder_ = [this] {
    std::filesystem::create_directory(directory_.path() / "plugins");
    return directory_.path() / "plugins";
  }();

 private:
  void note(const std::string& what) {
    const std::lock_guard lock{mutex_};
    std::getline(std::ifstream{file(what)}, read_[what]);
    heard_.push_back(what);
    heard_more_.notify_all();
  }

  std::unique_ptr<EventLoop> loop_ = EventLoop::create().value();
  std::unique_ptr<FolderWatch> watch_;
  std::mutex mutex_;
  std::condition_variable heard_more_;
  std::vector<std::string> heard_;
  std::map<std::string, std::string> read_;
};

TEST_F(FolderWatches, tell_of_a_file_that_is_written) {
  ASSERT_TRUE(watch(folder_));

  directory_.write("plugins/momentum.so", "a plugin");

  EXPECT_TRUE(hears_of("momentum.so"));
}

TEST_F(FolderWatches, tell_of_files_that_are_moved_in_linked_replaced_moved_away_and_removed) {
  directory_.write("aside.so", "a plugin");
  directory_.write("plugins/leaves.so", "a plugin");
  directory_.write("plugins/goes.so", "a plugin");
  directory_.write("plugins/stays.so", "a plugin");
  ASSERT_TRUE(watch(folder_));

  std::filesystem::create_hard_link(directory_.path() / "aside.so", file("hard.so"));
  std::filesystem::create_symlink(directory_.path() / "aside.so", file("soft.so"));
  std::filesystem::rename(directory_.path() / "aside.so", file("moved.so"));
  std::filesystem::rename(file("leaves.so"), directory_.path() / "left.so");
  std::filesystem::remove(file("goes.so"));
  directory_.write("plugins/stays.so", "another plugin");

  for (const char* const name : {"hard.so", "soft.so", "moved.so", "leaves.so", "goes.so", "stays.so"})
    EXPECT_TRUE(hears_of(name)) << name;
}

TEST_F(FolderWatches, tell_of_a_rename_within_the_folder_under_both_names) {
  directory_.write("plugins/before.so", "a plugin");
  ASSERT_TRUE(watch(folder_));

  std::filesystem::rename(file("before.so"), file("after.so"));

  EXPECT_TRUE(hears_of("before.so"));
  EXPECT_TRUE(hears_of("after.so"));
}

TEST_F(FolderWatches, say_nothing_of_other_files_nor_of_hidden_ones) {
  ASSERT_TRUE(watch(folder_));

  directory_.write("plugins/momentum.so.tmp", "a piece");
  directory_.write("plugins/.momentum.so", "a piece");
  directory_.write("plugins/README", "words");

  EXPECT_THAT(heard_so_far(),
              AllOf(Not(Contains("momentum.so.tmp")), Not(Contains(".momentum.so")), Not(Contains("README"))));
}

TEST_F(FolderWatches, take_many_rewrites_in_a_row_for_few_changes_of_which_the_last_sees_the_last) {
  constexpr int kRewrites = 2000;
  ASSERT_TRUE(watch(folder_, {.settle = 20ms, .settle_max = 200ms}));

  for (int i = 0; i < kRewrites; ++i) directory_.write("plugins/momentum.so", std::to_string(i));
  const auto heard = heard_so_far();

  EXPECT_GE(std::ranges::count(heard, "momentum.so"), 1);
  EXPECT_LT(std::ranges::count(heard, "momentum.so"), kRewrites / 2);
  EXPECT_EQ(read_last("momentum.so"), std::to_string(kRewrites - 1));
}

TEST_F(FolderWatches, tell_of_a_file_that_is_never_left_alone) {
  ASSERT_TRUE(watch(folder_, {.settle = 1h, .settle_max = 20ms}));
  std::jthread writer{[&](const std::stop_token& stop) {
    std::ofstream stream{file("momentum.so")};
    while (!stop.stop_requested()) stream << "another piece" << std::flush;
  }};

  EXPECT_TRUE(hears_of("momentum.so"));
  forget();
  EXPECT_TRUE(hears_of("momentum.so")) << "and again";
}

TEST_F(FolderWatches, hold_a_file_back_that_was_written_to_until_it_is_closed) {
  ASSERT_TRUE(watch(folder_, {.settle = 1ms, .settle_max = 1h}));
  {
    std::ofstream stream{file("momentum.so")};
    stream << "a piece" << std::flush;
    EXPECT_THAT(heard_so_far(), Not(Contains("momentum.so")));
  }

  EXPECT_TRUE(hears_of("momentum.so"));
}

TEST_F(FolderWatches, say_that_anything_may_have_changed_when_there_was_more_than_the_kernel_keeps) {
  ASSERT_TRUE(watch(folder_));
  int kept = 0;
  std::ifstream{"/proc/sys/fs/inotify/max_queued_events"} >> kept;
  ASSERT_GT(kept, 0);

  on_loop([&] {  // which so reads nothing meanwhile
    for (int i = 0; i < kept / 2 + 1; ++i) {
      directory_.write("plugins/momentum.so", "");  // opened, closed, and nothing in between
      std::filesystem::remove(file("momentum.so"));
    }
  });

  EXPECT_TRUE(hears_of("everything"));
  forget();
  directory_.write("plugins/momentum.so", "a plugin");
  EXPECT_TRUE(hears_of("momentum.so")) << "it goes on";
}

TEST_F(FolderWatches, say_the_same_of_more_files_at_once_than_they_keep) {
  ASSERT_TRUE(watch(folder_, {.settle = 1h, .settle_max = 1h}));

  for (int i = 0; i < 1100; ++i) directory_.write("plugins/" + std::to_string(i) + ".so", "");

  EXPECT_TRUE(hears_of("everything"));
}

TEST_F(FolderWatches, say_when_their_folder_is_gone) {
  ASSERT_TRUE(watch(folder_));

  std::filesystem::remove_all(folder_);

  EXPECT_TRUE(hears_of("the folder " + folder_.string() + " is gone, or is another one now"));
}

TEST_F(FolderWatches, say_when_another_folder_has_its_name) {
  ASSERT_TRUE(watch(folder_));

  std::filesystem::rename(folder_, directory_.path() / "old");

  EXPECT_TRUE(hears_of("the folder " + folder_.string() + " is gone, or is another one now"));
}

TEST_F(FolderWatches, refuse_what_is_no_folder) {
  directory_.write("file", "");

  const auto none = watch(directory_.path() / "nowhere");
  const auto file = watch(directory_.path() / "file");

  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::System);
  EXPECT_THAT(none.error().message, AllOf(HasSubstr("nowhere"), HasSubstr("No such file")));
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message, HasSubstr("Not a directory"));
}

TEST_F(FolderWatches, end_in_the_middle_of_a_change_without_telling_it) {
  ASSERT_TRUE(watch(folder_, {.settle = 1h, .settle_max = 1h}));

  directory_.write("plugins/momentum.so", "a plugin");
}

}  // namespace
}  // namespace shunt::host
