#pragma once
/// The form of key and signature files: a title, then one `name value` a line, in a fixed order.
///
///     shunt public key 1
///     name release
///     key 3b6a27bc...
///
///     SHUNT_TRY(values, read_record(text, "shunt public key 1", fields));

#include <shunt/schemas/result.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shunt {

struct RecordField {
  std::string_view name;
  bool required = true;
};

/// The values, one for each field; "" for one that is not required and not there. Anything else in the text, be it one
/// space more, is refused, so that a record has one spelling. Errors: BadInput, with the line and what was meant.
Result<std::vector<std::string>> read_record(std::string_view text, std::string_view title,
                                             std::span<const RecordField> fields);

}  // namespace shunt
