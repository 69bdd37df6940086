#include <shunt/plugin-kit/link.hpp>

namespace shunt::kit {

Status Link::failure(int code) const {
  const char* text = services->last_error(runtime);
  return tl::make_unexpected(Error{static_cast<ErrorCode>(code), text == nullptr ? "" : text});
}

Result<bus::Loan> ServiceChunks::loan(std::size_t bytes) {
  shunt_sample sample{};
  SHUNT_CHECK(link_.status(link_.services->loan(link_.runtime, bytes, &sample)));
  return bus::Loan{sample.data, sample.capacity, sample.handle};
}

void ServiceChunks::give_back(const bus::Loan& loan) noexcept {
  shunt_sample sample{loan.data, loan.capacity, loan.handle};
  link_.services->give_back(link_.runtime, &sample);
}

}  // namespace shunt::kit
