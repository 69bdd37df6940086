#pragma once
/// What the manifest says of one function, call or topic; generated as constants.

#include <shunt/schemas/ids.hpp>

namespace shunt::kit {

struct TypeName {
  const char* name = "";  ///< Fully qualified, as in the schema: "market.Bar".
  SchemaHash hash;
};

/// The types of a function or a call.
template <typename RequestType, typename ReplyType>
struct Exchange {
  using Request = RequestType;
  using Reply = ReplyType;
};

struct FunctionRoute {
  const char* name = "";  ///< "momentum/signal"
  TypeName request;
  TypeName reply;
};

struct TopicRoute {
  const char* name = "";  ///< "market.bars"
  TypeName type;
  const char* last_will = "";  ///< Of a topic out: as the manifest calls it; empty for none.
};

}  // namespace shunt::kit
