#include "page.hpp"

namespace shunt::bench {
namespace {

std::vector<std::uint8_t> finished_page(std::size_t rows) {
  flatbuffers::FlatBufferBuilder builder;
  const auto page = make_page(builder, rows);
  builder.Align(8);
  builder.Finish(page);
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

}  // namespace

flatbuffers::Offset<Page> make_page(flatbuffers::FlatBufferBuilder& builder, std::size_t rows) {
  const auto made = builder.CreateVector<flatbuffers::Offset<Row>>(
      rows, [&](std::size_t i) { return CreateRow(builder, i + 1, 0.5); });
  return CreatePage(builder, made);
}

std::size_t rows_for(std::size_t bytes) {
  constexpr std::size_t kMany = 100;
  const std::size_t one = finished_page(1).size();
  const std::size_t each = (finished_page(1 + kMany).size() - one) / kMany;
  return bytes <= one ? 1 : 1 + (bytes - one) / each;
}

std::vector<std::uint8_t> page_of(std::size_t bytes) { return finished_page(rows_for(bytes)); }

}  // namespace shunt::bench
