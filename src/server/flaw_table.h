// The table of flaws: data only. flaws.h is how it is used.
#pragma once

#include <array>
#include <cstddef>

#include "server/flaw_table_audit.h"
#include "server/flaw_table_auth.h"
#include "server/flaw_table_deep.h"
#include "server/flaw_table_extensions.h"
#include "server/flaw_table_relaying.h"
#include "server/flaw_table_rfc5321.h"
#include "server/flaw_table_sasl.h"
#include "server/flaw_table_tls.h"

namespace smtpspec::server {

namespace internal {

template <std::size_t M, std::size_t N>
constexpr std::array<Flaw, M + N> join(const std::array<Flaw, M>& a,
                                       const std::array<Flaw, N>& b) {
  std::array<Flaw, M + N> result;
  for (std::size_t i = 0; i < M; ++i) result[i] = a[i];
  for (std::size_t i = 0; i < N; ++i) result[M + i] = b[i];
  return result;
}

}  // namespace internal

inline constexpr auto flaw_table =
    internal::join(internal::join(internal::join(rfc5321_flaws,
                                                 extension_flaws),
                                  internal::join(relaying_flaws,
                                                 audit_flaws)),
                   internal::join(internal::join(auth_flaws, sasl_flaws),
                                  internal::join(tls_flaws, deep_flaws)));

}  // namespace smtpspec::server
