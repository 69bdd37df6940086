#include "prepared_filter.hpp"

#include <iterator>

namespace shunt::launcher {
namespace {

constexpr sock_filter kProgram[] = {
#include "filter_program.inc"  // by shunt-filter
};

}  // namespace

Filter prepared_filter() { return Filter{Undecided::AskWarden, {std::begin(kProgram), std::end(kProgram)}}; }

}  // namespace shunt::launcher
