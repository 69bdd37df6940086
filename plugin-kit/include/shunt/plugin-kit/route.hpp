#pragma once
/// What the manifest says of one function, call or topic; generated as constants.

#include <shunt/schemas/ids.hpp>

namespace shunt::kit {

struct TypeName {
  const char* name = "";  ///< Fully qualified, as in the schema: "market.Bar".
  SchemaHash hash;
};

struct FunctionRoute {
  const char* name = "";  ///< "momentum/signal"
  TypeName request;
  TypeName reply;
};

struct TopicRoute {
  const char* name = "";  ///< "market.bars"
  TypeName type;
};

}  // namespace shunt::kit
