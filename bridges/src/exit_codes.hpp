#pragma once
/// How the programs of bridges end.

namespace shunt::bridges {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kMisused = 2;
inline constexpr int kWorldLost = 4;

}  // namespace shunt::bridges
