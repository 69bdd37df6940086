#include "world.hpp"

#include "execution.hpp"

#include <unordered_set>
#include <vector>

namespace shunt::model {
namespace {

/// Depth first: every execution goes the way of the one before up to its last choice that has another way yet.
class Search final : public Choices {
 public:
  unsigned choose(unsigned count) override {
    if (count == 1) return 0;
    if (depth_ == path_.size()) path_.push_back({0, count});
    return path_[depth_++].chosen;
  }
  bool is_new(std::uint64_t state) override { return depth_ < path_.size() || again_ || states_.insert(state).second; }

  /// False: there is no other.
  bool go_to_next() {
    while (!path_.empty() && path_.back().chosen + 1 == path_.back().count) path_.pop_back();
    depth_ = 0;
    if (path_.empty()) return false;
    ++path_.back().chosen;
    return true;
  }
  /// The same way once more, as it was.
  void go_again() {
    depth_ = 0;
    again_ = true;
  }
  [[nodiscard]] std::uint64_t states() const { return states_.size(); }

 private:
  struct Choice {
    unsigned chosen;
    unsigned count;
  };
  std::vector<Choice> path_;
  std::size_t depth_ = 0;
  bool again_ = false;
  std::unordered_set<std::uint64_t> states_;
};

std::string execute(const std::function<void(World&)>& scenario, const Mutation& mutation, Search& search,
                    bool tracing) {
  Execution execution(search, mutation, tracing);
  World world(execution);
  scenario(world);
  return execution.run();
}

}  // namespace

void World::share(const void* begin, std::size_t bytes) { execution_.memory().share(begin, bytes); }
void World::word(std::string name, const void* address, std::size_t bytes) {
  execution_.memory().word(std::move(name), address, bytes);
}
void World::thread(std::string name, std::function<void()> run) {
  execution_.add(std::move(name), std::move(run), false);
}
void World::mortal_thread(std::string name, std::function<void()> run) {
  execution_.add(std::move(name), std::move(run), true);
}
void World::at_end(std::function<void()> check) { execution_.at_end(std::move(check)); }

Verdict explore(const std::function<void(World&)>& scenario, const Mutation& mutation) {
  Verdict verdict;
  Search search;
  do {
    ++verdict.executions;
    if (execute(scenario, mutation, search, false).empty()) continue;
    search.go_again();
    verdict.failure = execute(scenario, mutation, search, true);
    break;
  } while (search.go_to_next());
  verdict.states = search.states();
  return verdict;
}

void require(bool holds, const char* what) {
  if (!holds) Execution::current()->fail(what);
}
void step() { Execution::current()->step(); }
void reap(const char* thread) { Execution::current()->reap(thread); }
bool has_ended(const char* thread) { return Execution::current()->has_ended(thread); }

Locked::Locked(const void* mutex) : mutex_(mutex) { Execution::current()->lock(mutex); }
Locked::~Locked() { Execution::current()->unlock(mutex_); }

std::uint64_t poll_begins() { return Execution::current()->poll_begins(); }
void poll_failed(std::uint64_t begun) { Execution::current()->poll_failed(begun); }

}  // namespace shunt::model
