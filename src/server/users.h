// Who may log in to the reference server, and how.
#pragma once

#include <array>
#include <string_view>

namespace smtpspec::server {

/// What becomes of a login whose credentials are right (RFC 4954 section 6).
enum class Standing {
  good,         ///< 235
  transition,   ///< 432: nothing but PLAIN and LOGIN works yet
  unavailable,  ///< 454: whatever decides on this user is out of order
  strong_only,  ///< 534: for mechanisms weaker than SCRAM
};

struct User {
  /// The mailbox too.
  std::string_view name;
  std::string_view password;
  Standing standing = Standing::good;
};

constexpr std::string_view user_name = "alice";
constexpr std::string_view user_password = "c0rrect-Horse-7";
constexpr std::string_view second_user_name = "bob";
constexpr std::string_view second_user_password = "8attery-Staple-X";
/// Who bears it is alice (RFC 7628, RFC 6750).
constexpr std::string_view bearer_token = "tok-Alice.9xQ2f7~Zk3+w/A==";

constexpr auto users = std::to_array<User>({
    {user_name, user_password},
    {second_user_name, second_user_password},
    {"carol", user_password, Standing::transition},
    {"theboss", user_password, Standing::unavailable},
    {"dave", user_password, Standing::strong_only},
});

/// The user of that name; nullptr if there is none.
constexpr const User* find_user(std::string_view name) {
  for (const User& user : users) {
    if (user.name == name) return &user;
  }
  return nullptr;
}

}  // namespace smtpspec::server
