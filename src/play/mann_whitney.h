// The rank test of Mann and Whitney (Annals of Mathematical Statistics 18,
// 1947).
#pragma once

#include <span>

namespace smtpspec::play {

/// How likely it is that the ranks of `a` among all values lie as far from the
/// middle as they do, or farther, on either side, if the same chance made `a`
/// and `b`: two-sided, exact, also where values are equal (they share the mean
/// of their ranks). 1 where one of them is empty. The time it takes grows with
/// the fourth power of the number of values: 40 are nothing.
double mann_whitney(std::span<const double> a, std::span<const double> b);

}  // namespace smtpspec::play
