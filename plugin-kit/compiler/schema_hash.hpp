#pragma once
/// The hash by which two sides know that they mean the same type, whatever files they found it in.
///
/// It is the first 8 bytes, most significant first, of the SHA-256 of a canonical text: the type, then every table,
/// struct, enum and union that it refers to, however far, ordered by name. Comments, the order of declarations, files,
/// namespaces of other types, root types and attributes for code generators leave it alone. One line each, ended by
/// '\n':
///
///     table market.Signal                    tables: the fields by id
///     0 sequence ulong = 0                   id, name, type, default (integers decimal, floats with 17 digits) ...
///     1 direction market.Direction = 0       ... an optional scalar: "= null"; no default: nothing
///     2 name string required                 then "required", "deprecated", "key", in this order
///     struct market.Point 16 8               structs: size and alignment, fields by offset
///     0 x double
///     enum market.Direction byte             enums: the underlying type, values by number
///     -1 Sell
///     union market.Any                       unions: type of each value
///     1 Bar market.Bar
///
/// Types are written as in a schema: "[ubyte]", "[market.Bar]", "[float:3]"; a union's hidden type field is "utype".

#include <shunt/schemas/ids.hpp>

#include <string>

namespace flatbuffers {
struct StructDef;
}

namespace shunt::manifest_compiler {

std::string canonical_text(const flatbuffers::StructDef& root);

SchemaHash hash_of_text(const std::string& canonical);

/// Why a type cannot be a payload of the bus, as the end of a sentence about it; empty when it can.
std::string unfit_for_payload(const flatbuffers::StructDef& root);

}  // namespace shunt::manifest_compiler
