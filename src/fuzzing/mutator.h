// Makes new sessions of sessions: most stay such as a client could say, their
// commands repeated and recombined, for servers forget what they know in long
// orders of legal commands; some are malformed down to the octet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>

#include "fuzzing/dictionary.h"
#include "fuzzing/input.h"

namespace smtpspec::fuzzing {

/// Seeded once for each mutation: the same seed gives the same session.
using Random = std::mt19937;

/// Changes the `size` octets at `data`, where `max_size` have room, and gives
/// how many there are then (the form of LLVMFuzzerMutate).
using ByteMutator = std::function<std::size_t(
    std::uint8_t* data, std::size_t size, std::size_t max_size)>;

/// Changes `input` in one to a few places. It is never empty after that, and
/// keeps the limits of Input. Without `bytes`, octets are changed one by one.
void mutate(Input& input, Random& random, const Dictionary& dictionary,
            const ByteMutator& bytes);

/// A session of parts of both.
Input cross_over(const Input& a, const Input& b, Random& random);

}  // namespace smtpspec::fuzzing
