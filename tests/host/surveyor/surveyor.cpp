// Passes scans and places on, each with the next number.
#include "surveyor_contract.hpp"

#include <csignal>
#include <cstdlib>

namespace {

class Surveyor final : public surveyor::Contract {
  shunt::Status blank(shunt::LastWill<stage::Scan>& will) override {
    return will.write([](stage::Scan& scan) { scan.mutate_number(99); });
  }

  shunt::Status measure(const shunt::Context&, const stage::Place& place, shunt::Reply<stage::Place>& reply) override {
    if (place.number() == 0) std::abort();
    return reply.send(stage::Place(place.number() * 2, place.x(), place.y()));
  }

  shunt::Status sweep(const shunt::Context&, const stage::Place& place, shunt::Reply<stage::Scan>& reply) override {
    return reply.send([&](stage::Scan& scan) {
      scan.mutate_number(place.number());
      for (unsigned i = 0; i < scan.ranges()->size(); ++i) scan.mutable_ranges()->Mutate(i, static_cast<float>(i));
    });
  }

  shunt::Status on_stage_scans(const shunt::Context&, const shunt::Received<stage::Scan>& received) override {
    SHUNT_TRY(scan, loan_surveyor_scans());
    if (scan->number() != 0 || scan->ranges()->Get(99) != 0) std::abort();  // a loan is blank
    *scan = *received;
    scan->mutate_number(received->number() + 1);
    {
      auto unused = loan_surveyor_scans();  // goes back by itself
      if (!unused) return tl::make_unexpected(unused.error());
    }
    return publish_surveyor_scans(std::move(scan));
  }

  shunt::Status on_stage_places(const shunt::Context&, const shunt::Received<stage::Place>& received) override {
    SHUNT_TRY(place, loan_surveyor_places());
    *place = *received;
    place->mutate_number(received->number() + 1);
    SHUNT_CHECK(publish_surveyor_places(std::move(place)));
    SHUNT_CHECK(publish_surveyor_places(stage::Place(received->number() + 2, received->x(), received->y())));
    SHUNT_TRY(sent, publish_batch_surveyor_places(3, [&](std::size_t i, stage::Place& to) {
                to = stage::Place(received->number() + 3 + i, 0, 0);
              }));
    return sent.rest;
  }
};

}  // namespace

SHUNT_PLUGIN(Surveyor)
