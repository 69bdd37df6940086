// Version 2: what was bought and what was sold apart. It reads and writes the state of version 1, too: a migration is
// code of the newer version, in both directions.
#include "position_contract.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace {

constexpr std::size_t kAccounts = 64, kLots = 1100;

struct Lot {
  std::int64_t quantity = 0;
  std::uint64_t orders = 0;

  static Lot of(const position::Lot& lot) { return {lot.quantity(), lot.orders()}; }
  [[nodiscard]] position::Lot written() const { return {quantity, orders}; }
};

struct Book {
  std::array<Lot, kLots> bought{};
  std::array<Lot, kLots> sold{};
};

class Position final : public position::Contract {
  using Lots = flatbuffers::Vector<const position::Lot*>;

  shunt::Status init(const position::Config& config) override {
    fail_each_ = static_cast<std::uint64_t>(config.fail_each);
    books_.assign(kAccounts, Book{});
    return {};
  }

  shunt::Status on_orders(const shunt::Context&, const shunt::Received<position::Order>& order) override {
    Book& book = books_[order->account() % kAccounts];
    Lot& lot = (order->quantity() < 0 ? book.sold : book.bought)[next_++ % kLots];
    lot.quantity += order->quantity();
    ++lot.orders;
    return {};
  }

  shunt::Status holding(const shunt::Context&, const position::Ask&, shunt::Reply<position::Holding>& reply) override {
    const Lot sum = sum_of_all();
    return reply.send([&](auto& build) {
      return position::CreateHolding(build, sum.quantity, sum.orders, handed_over_, position::kVersionMajor);
    });
  }

  // ---- The state of version 1

  /// Its lots add up; what was bought and what was sold go into one.
  shunt::Status snapshot(shunt::Snapshot<position::State1>& snapshot) override {
    ++tries_;
    return snapshot.write([&](auto& build) {
      const Lot sum = sum_of_all();
      std::vector<flatbuffers::Offset<position::Account>> accounts;
      for (std::size_t i = 0; i < kAccounts; ++i) {
        std::vector<position::Lot> lots;
        lots.reserve(kLots);
        for (std::size_t k = 0; k < kLots; ++k) {
          const Lot &bought = books_[i].bought[k], &sold = books_[i].sold[k];
          lots.emplace_back(bought.quantity + sold.quantity, bought.orders + sold.orders);
        }
        accounts.push_back(position::CreateAccountDirect(build, fmt::format("account {}", i).c_str(), &lots));
      }
      return position::CreateState1Direct(build, sum.quantity, sum.orders, tries_, handed_over_, &accounts);
    });
  }

  /// A lot's sign says on which side it is.
  shunt::Status restore(const position::State1& state) override {
    SHUNT_CHECK(check(state.tries()));
    if (state.accounts() == nullptr || state.accounts()->size() != kAccounts) return misfit();
    for (std::size_t i = 0; i < kAccounts; ++i) {
      const Lots* const lots = state.accounts()->Get(static_cast<flatbuffers::uoffset_t>(i))->lots();
      if (lots == nullptr || lots->size() != kLots) return misfit();
      books_[i] = Book{};
      for (std::size_t k = 0; k < kLots; ++k) {
        const Lot lot = Lot::of(*lots->Get(static_cast<flatbuffers::uoffset_t>(k)));
        (lot.quantity < 0 ? books_[i].sold : books_[i].bought)[k] = lot;
      }
    }
    return restored(state.tries(), state.handed_over());
  }

  // ---- Its own

  shunt::Status snapshot(shunt::Snapshot<position::State2>& snapshot) override {
    ++tries_;
    return snapshot.write([&](auto& build) {
      const auto side = [&](const std::array<Lot, kLots>& lots) {
        std::vector<position::Lot> written;
        written.reserve(kLots);
        for (const Lot& each : lots) written.push_back(each.written());
        return position::CreateSideDirect(build, &written);
      };
      std::vector<flatbuffers::Offset<position::Book>> books;
      for (std::size_t i = 0; i < kAccounts; ++i) {
        const auto bought = side(books_[i].bought);
        const auto sold = side(books_[i].sold);
        books.push_back(position::CreateBookDirect(build, fmt::format("account {}", i).c_str(), bought, sold));
      }
      return position::CreateState2Direct(build, tries_, handed_over_, &books);
    });
  }

  shunt::Status restore(const position::State2& state) override {
    SHUNT_CHECK(check(state.tries()));
    if (state.books() == nullptr || state.books()->size() != kAccounts) return misfit();
    const auto read = [](const position::Side* side, std::array<Lot, kLots>& into) {
      if (side == nullptr || side->lots() == nullptr || side->lots()->size() != kLots) return false;
      for (std::size_t k = 0; k < kLots; ++k) {
        into[k] = Lot::of(*side->lots()->Get(static_cast<flatbuffers::uoffset_t>(k)));
      }
      return true;
    };
    for (std::size_t i = 0; i < kAccounts; ++i) {
      const auto* const book = state.books()->Get(static_cast<flatbuffers::uoffset_t>(i));
      if (!read(book->bought(), books_[i].bought) || !read(book->sold(), books_[i].sold)) return misfit();
    }
    return restored(state.tries(), state.handed_over());
  }

  // ----

  [[nodiscard]] Lot sum_of_all() const {
    Lot sum;
    for (const Book& book : books_)
      for (const auto* const side : {&book.bought, &book.sold})
        for (const Lot& lot : *side) sum = {sum.quantity + lot.quantity, sum.orders + lot.orders};
    return sum;
  }

  [[nodiscard]] shunt::Status check(std::uint64_t tries) const {
    if (fail_each_ == 0 || tries % fail_each_ != 0) return {};
    return shunt::error(shunt::ErrorCode::PluginFailed, "restore {} fails, as its configuration wants", tries);
  }
  static shunt::Status misfit() {
    return shunt::error(shunt::ErrorCode::BadPayload, "a position has {} accounts of {} lots", kAccounts, kLots);
  }
  shunt::Status restored(std::uint64_t tries, std::uint64_t handed_over) {
    tries_ = tries;
    handed_over_ = handed_over + 1;
    return {};
  }

  std::vector<Book> books_;
  std::uint64_t next_ = 0;
  std::uint64_t tries_ = 0;
  std::uint64_t handed_over_ = 0;
  std::uint64_t fail_each_ = 0;
};

}  // namespace

SHUNT_PLUGIN(Position)
