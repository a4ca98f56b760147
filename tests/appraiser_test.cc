#include "train/appraiser.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "support.h"

namespace bytepiece {
namespace {

using namespace testing;

TEST_SUITE_BEGIN("unit");

constexpr std::int64_t kNever = 1 << 29;

// A text with all its repeats, some of them used, at random costs.
struct World {
  World(Random& random, std::string t) : text(std::move(t)) {
    repeats = find_repeats(text, {6, 2, 1000, random.chance(2), '\xFF'}, 1);
    for (std::uint32_t i = 0; i < repeats.all.size(); ++i) {
      const std::uint32_t shorter = i < 256 ? PieceTable::kNone : table.longest_row[repeats.all[i].prefix];
      if (i >= 256 && random.chance(4)) {  // no row
        table.longest_row.push_back(shorter);
        continue;
      }
      table.longest_row.push_back(static_cast<std::uint32_t>(table.rows.size()));
      table.repeats.push_back(i);
      table.rows.push_back({shorter, repeats.all[i].length & 0x7FFFFFFF, i < 256 || !random.chance(3),
                            static_cast<std::int32_t>(random.between(90, 110))});
    }
  }

  std::string bytes(std::uint32_t row) const {
    const std::uint32_t i = table.repeats[row];
    return i < 256 ? std::string(1, static_cast<char>(i))
                   : text.substr(repeats.all[i].place, repeats.all[i].length);
  }

  // The cheapest way through the text, without the row at one place, or through the row at one place.
  std::int64_t cheapest(std::size_t without_at, std::uint32_t without,
                        std::size_t through_at = ~std::size_t{0}, std::uint32_t through = 0) const {
    std::vector<std::int64_t> cost(text.size() + 1, kNever);
    cost[0] = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      for (std::uint32_t r = 0; r < table.rows.size(); ++r) {
        const std::string piece = bytes(r);
        if (text.compare(i, piece.size(), piece) != 0 || i + piece.size() > text.size()) continue;
        const bool is_through = i == through_at && r == through;
        if (!table.rows[r].used && !is_through) continue;
        if (i == without_at && r == without) continue;
        const bool over = i <= through_at && through_at < i + piece.size();
        if (through_at < text.size() && over && !is_through) continue;
        cost[i + piece.size()] = std::min(cost[i + piece.size()], cost[i] + table.rows[r].cost);
      }
    }
    return cost.back();
  }

  std::string text;
  Repeats repeats;
  PieceTable table;
};

TEST_CASE(
    "appraiser: the best way, what each token is worth, what others would gain: as trying it out has it") {
  Random random(1);
  for (std::size_t i = 0; i < rounds(100); ++i) {
    const World world(
        random, random_of(random, {"a", "b", "ab", "abc", "\u00E9", "\u4F60", "  "}, random.between(1, 18)));
    CAPTURE(world.text);
    const std::int64_t best = world.cheapest(~std::size_t{0}, 0);
    Appraiser appraiser(world.table);

    std::string spelled;
    std::int64_t cost = 0;
    const auto tokens = appraiser.best_with_losses(world.repeats.longest);
    for (const Appraiser::Token& token : tokens) {
      CHECK(token.begin == spelled.size());
      spelled += world.bytes(token.row);
      cost += world.table.rows[token.row].cost;
      const std::int64_t other = world.cheapest(token.begin, token.row);
      if (other < kNever) {
        CHECK(token.loss == other - best);
      } else {
        CHECK(token.loss > 1000000);
      }
    }
    CHECK(spelled == world.text);
    CHECK(cost == best);
    const std::vector<Appraiser::Token> with_losses(tokens.begin(), tokens.end());
    const auto again = appraiser.best(world.repeats.longest);
    REQUIRE(again.size() == with_losses.size());
    for (std::size_t t = 0; t < again.size(); ++t) {
      CHECK(again[t].row == with_losses[t].row);
      CHECK(again[t].loss == 0);
    }

    std::map<std::uint32_t, std::int64_t> gains, expected;
    appraiser.for_each_gain(world.repeats.longest,
                            [&](std::uint32_t row, std::int32_t gain) { gains[row] += gain; });
    for (std::uint32_t r = 0; r < world.table.rows.size(); ++r) {
      if (world.table.rows[r].used) continue;
      for (std::size_t at = 0; at < world.text.size(); ++at) {
        if (world.text.compare(at, world.bytes(r).size(), world.bytes(r)) != 0) continue;
        const std::int64_t through = world.cheapest(~std::size_t{0}, 0, at, r);
        if (through < best) expected[r] += best - through;
      }
    }
    CHECK(gains == expected);
  }
}

TEST_SUITE_END();

}  // namespace
}  // namespace bytepiece
