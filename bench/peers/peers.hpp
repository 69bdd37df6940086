#pragma once
/// The makers of the peers, one per name in the catalogue.

#include <shunt/bench/subject.hpp>

#include <memory>

namespace shunt::bench {

std::unique_ptr<Subject> make_padded_ring();
std::unique_ptr<Subject> make_inline_ring();
std::unique_ptr<Subject> make_iceoryx();
std::unique_ptr<Subject> make_unix_socket();
std::unique_ptr<Subject> make_pipe();

}  // namespace shunt::bench
