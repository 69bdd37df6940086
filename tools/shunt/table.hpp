#pragma once
/// Aligned columns for people.
///
///     Table table{"PLUGIN", "PID"};
///     table.add({"momentum", "4711"});
///     table.print();

#include <initializer_list>
#include <string>
#include <vector>

namespace shunt::tool {

class Table {
 public:
  Table(std::initializer_list<std::string> heads) { rows_.emplace_back(heads); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  /// On stdout; control characters that came from outside are shown as '?'.
  void print() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// Without what could steer a terminal: everything in a host's answer may be a plugin's words.
[[nodiscard]] std::string printable(std::string text);

}  // namespace shunt::tool
