#pragma once
/// The contract of a plugin that is known by its file alone.

#include <shunt/plugin-kit/test/stand_in.hpp>
#include <shunt/schemas/manifest.hpp>

#include <string>
#include <vector>

namespace shunt::drill {

/// Lends what it has to view(); stays where it is.
class FileContract {
 public:
  /// `manifest` outlives it.
  explicit FileContract(const Manifest& manifest);
  FileContract(const FileContract&) = delete;
  FileContract& operator=(const FileContract&) = delete;

  [[nodiscard]] test::ContractView view() const;

 private:
  const Manifest& manifest_;
  std::string version_;
  std::vector<kit::FunctionRoute> functions_;
  std::vector<kit::FunctionRoute> calls_;
  std::vector<kit::TopicRoute> topics_in_;
  std::vector<kit::TopicRoute> topics_out_;
  std::vector<test::Verifies> replies_;
  std::vector<test::Verifies> requests_;
  std::vector<test::Verifies> publications_;
  std::vector<std::uint32_t> states_;
};

}  // namespace shunt::drill
