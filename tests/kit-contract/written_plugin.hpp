#pragma once
/// Plugins with the probe's contract that are written in a test, and what the compiler says of them.

#include "note.hpp"
#include "temporary_directory.hpp"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace shunt::test {

inline constexpr const char* kProbeSignature =
    "const shunt::Context&, const probe::Question&, shunt::Reply<probe::Response>&) override { return {}; }\n";
inline constexpr const char* kProbeFunctions[] = {"echo",        "large",   "silent", "twice",    "throws",
                                                  "throws_late", "refuses", "asks",   "describes"};

/// A whole plugin without the function `missing`, and with `body` as the handler of its topic.
inline std::string plugin(const std::string& missing, const std::string& body) {
  std::string text =
      "#include \"probe_contract.hpp\"\n"
      "class Mine : public probe::Contract {\n"
      "  shunt::Status init(const probe::Config&) override { return {}; }\n"
      "  shunt::Status on_probe_questions([[maybe_unused]] const shunt::Context& context,\n"
      "                                   const shunt::Received<probe::Question>&) override { " +
      body + " }\n";
  if (missing != "flat") text += "  shunt::Status flat(shunt::LastWill<probe::Response>&) override { return {}; }\n";
  for (const std::string function : kProbeFunctions)
    if (function != missing) text += "  shunt::Status " + function + "(" + kProbeSignature;
  return text + "};\nSHUNT_PLUGIN(Mine)\n";
}

/// What the compiler says; empty when it is content.
inline std::string compiled(const std::string& source) {
  const TemporaryDirectory folder;
  const auto file = folder.write("mine.cpp", source);
  const auto ran = run(fmt::format("{} {} -fsyntax-only {}", SHUNT_COMPILER, SHUNT_FLAGS, file.string()));
  EXPECT_EQ(ran.exit == 0, ran.output.find("error:") == std::string::npos) << ran.output;
  return ran.output;
}

}  // namespace shunt::test
