#pragma once
/// What a plugin starts in its drill ends with the drill, however that ends.

namespace shunt::drill {

/// Returns in a new process, where the drill goes on. This one waits until that has ended or nobody reads `report` any
/// more, ends all processes that come from it, also those that left its session and whose parents have ended, and ends
/// as the drill has. Once, at the start, with one thread.
void go_on_below_a_keeper(int report);

}  // namespace shunt::drill
