#include "play/mann_whitney.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace smtpspec::play {
namespace {

/// Twice the rank of `value` among `sorted`: twice the mean of the ranks that
/// equal values share, which is a whole number.
int doubled_rank(const std::vector<double>& sorted, double value) {
  const auto [first, last] =
      std::equal_range(sorted.begin(), sorted.end(), value);
  return static_cast<int>((first - sorted.begin()) +
                          (last - sorted.begin())) + 1;
}

/// For each sum the number of ways to choose `size` of `ranks` with that sum.
/// Up to 2^53 the numbers are exact.
std::vector<double> ways_by_sum(const std::vector<int>& ranks,
                                std::size_t size) {
  std::size_t total = 0;
  for (const int rank : ranks) total += static_cast<std::size_t>(rank);
  std::vector<std::vector<double>> ways(size + 1,
                                        std::vector<double>(total + 1));
  ways[0][0] = 1;
  for (const int rank : ranks) {
    const auto step = static_cast<std::size_t>(rank);
    for (std::size_t chosen = size; chosen > 0; --chosen)
      for (std::size_t sum = total; sum >= step; --sum)
        ways[chosen][sum] += ways[chosen - 1][sum - step];
  }
  return ways[size];
}

}  // namespace

double mann_whitney(std::span<const double> a, std::span<const double> b) {
  if (a.empty() || b.empty()) return 1;
  std::vector<double> sorted(a.begin(), a.end());
  sorted.insert(sorted.end(), b.begin(), b.end());
  std::sort(sorted.begin(), sorted.end());
  std::vector<int> ranks;
  for (const double value : sorted)
    ranks.push_back(doubled_rank(sorted, value));
  int sum_of_a = 0;
  for (const double value : a) sum_of_a += doubled_rank(sorted, value);

  // U is the sum of ranks but for a constant, so their sums are as good.
  const auto middle = static_cast<int>(a.size() * (sorted.size() + 1));
  const int distance = std::abs(sum_of_a - middle);
  const auto ways = ways_by_sum(ranks, a.size());
  double extreme = 0;
  double all = 0;
  for (std::size_t sum = 0; sum < ways.size(); ++sum) {
    all += ways[sum];
    if (std::abs(static_cast<int>(sum) - middle) >= distance)
      extreme += ways[sum];
  }
  return extreme / all;
}

}  // namespace smtpspec::play
