#include <shunt/bridges/payload_check.hpp>

#include <flatbuffers/reflection.h>

namespace shunt::bridges {

PayloadCheck::PayloadCheck(const Topic& topic) {
  flatbuffers::Verifier verifier{topic.reflection.data(), topic.reflection.size()};
  if (topic.reflection.empty() || !reflection::VerifySchemaBuffer(verifier)) return;
  const reflection::Schema* const schema = reflection::GetSchema(topic.reflection.data());
  for (const reflection::Object* each : *schema->objects())
    if (each->name()->string_view() == topic.type) root_ = each;
  schema_ = schema;
}

bool PayloadCheck::is_valid(std::span<const std::byte> bytes) const {
  return root_ != nullptr && flatbuffers::Verify(*static_cast<const reflection::Schema*>(schema_),
                                                 *static_cast<const reflection::Object*>(root_),
                                                 reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace shunt::bridges
