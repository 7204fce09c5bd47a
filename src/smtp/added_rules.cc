// Rules on the header fields that a target adds: their form (RFC 5322 section
// 2), Return-Path (RFC 5321 section 4.4), what they give away (RFC 5321
// section 7.2), what submission adds (RFC 6409 section 8).
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/escape.h"
#include "base/text.h"
#include "smtp/delivery_judgement.h"

namespace smtpspec::smtp {
namespace {

constexpr std::size_t snippet_limit = 60;

bool is_trace(const Field& field) {
  return field.is("Received") || field.is("Return-Path");
}

/// The line that begins a message in a mailbox of the mbox form.
bool is_mbox_line(const Field& field) {
  return field.name.empty() &&
         (field.raw.starts_with("From ") || field.raw.starts_with(">From "));
}

Judgement no_high_octet(const Field& field) {
  const auto high = std::ranges::find_if(
      field.raw, [](char c) { return static_cast<unsigned char>(c) > 127; });
  if (field.name.empty() || high == field.raw.end()) return std::nullopt;
  return complain(fmt::format("the added field {} holds octet 0x{:02x}",
                              field.name, static_cast<unsigned char>(*high)));
}

Judgement added_ascii(const Delivered& delivered) {
  if (delivered.facts.utf8) return std::nullopt;
  return any_added(delivered, no_high_octet);
}

Judgement trace_ascii(const Delivered& delivered) {
  if (delivered.facts.utf8) return std::nullopt;
  return any_added(delivered, [](const Field& field) -> Judgement {
    return is_trace(field) ? no_high_octet(field) : std::nullopt;
  });
}

/// Whether a line that is no field can have come from our own mail.
bool has_header_of_fields(const Message& message) {
  return !message.fields.empty() && !message.separator.empty() &&
         std::ranges::none_of(message.fields, [](const Field& field) {
           return field.name.empty();
         });
}

Judgement field_syntax(const Field& field) {
  if (field.name.empty())
    return complain(
        fmt::format("a line added to the header is no field: \"{}\"",
                    base::escape_up_to(field.raw, snippet_limit)));
  if (field.raw[field.name.size()] != ':')
    return complain(
        fmt::format("there is space before the colon of {}", field.name));
  const auto text = with_line_feeds(field.raw);
  if (text.find('\r') != std::string::npos)
    return complain(
        fmt::format("the added field {} holds a lone CR", field.name));
  return std::nullopt;
}

Judgement added_field_syntax(const Delivered& delivered) {
  const auto& facts = delivered.facts;
  if (!facts.is_generated && !has_header_of_fields(delivered.sent))
    return std::nullopt;
  for (const std::size_t at : delivered.added) {
    const Field& field = added_field(delivered, at);
    if (at == 0 && facts.final_delivery && is_mbox_line(field)) continue;
    if (Judgement complaint = field_syntax(field)) return complaint;
  }
  return std::nullopt;
}

// --- line lengths ---

bool is_original(std::string_view type) {
  return type == "message/rfc822" || type == "text/rfc822-headers" ||
         type == "message/global" || type == "message/global-headers";
}

/// The text of a mail that the target wrote, without the mail it returns. Where
/// that cannot be told apart: nothing.
std::vector<std::string_view> own_texts(const Delivered& delivered) {
  std::vector<std::string_view> texts;
  if (!delivered.facts.is_generated) return texts;
  for (const Part& part : parts_of(delivered.arrived))
    if (!is_original(part.type)) texts.push_back(part.content);
  return texts;
}

/// All lines that the target wrote.
std::vector<std::string_view> own_lines(const Delivered& delivered) {
  std::vector<std::string_view> lines;
  const auto add = [&](std::string_view text) {
    const auto more = lines_of(text);
    lines.insert(lines.end(), more.begin(), more.end());
  };
  for (const std::size_t at : delivered.added)
    if (!is_mbox_line(added_field(delivered, at)))
      add(added_field(delivered, at).raw);
  for (const auto text : own_texts(delivered)) add(text);
  return lines;
}

constexpr std::size_t hard_limit = 998;
constexpr std::size_t soft_limit = 78;

Judgement added_line_length_998(const Delivered& delivered) {
  for (const auto line : own_lines(delivered))
    if (line.size() > hard_limit)
      return complain(
          fmt::format("the target wrote a line of {} octets: \"{}\"",
                      line.size(), base::escape_up_to(line, snippet_limit)));
  return std::nullopt;
}

/// Whether a line could be folded so that each part keeps the limit.
bool can_be_folded(std::string_view line) {
  return std::ranges::all_of(base::words(line), [](std::string_view word) {
    return word.size() < soft_limit;
  });
}

Judgement added_line_length_78(const Delivered& delivered) {
  Judgement noted;
  for (const auto line : own_lines(delivered)) {
    if (line.size() <= soft_limit) continue;
    const auto text =
        fmt::format("the target wrote a line of {} octets: \"{}\"", line.size(),
                    base::escape_up_to(line, snippet_limit));
    if (can_be_folded(line)) return complain(text);
    if (!noted) noted = note(text);
  }
  return noted;
}

// --- Return-Path ---

std::vector<std::size_t> added_return_paths(const Delivered& delivered) {
  std::vector<std::size_t> found;
  for (const std::size_t at : delivered.added)
    if (added_field(delivered, at).is("Return-Path")) found.push_back(at);
  return found;
}

ReturnPath read_path(const Delivered& delivered, std::size_t at) {
  return parse_return_path(added_field(delivered, at).body);
}

/// Whether an address may be the sender, rewritten: SRS, BATV, VERP, or another
/// case of the local part.
bool is_rewritten(std::string_view address, std::string_view sender) {
  for (const auto* scheme : {"SRS0", "SRS1", "prvs="})
    if (base::starts_without_case(address, scheme)) return true;
  const auto lower = base::to_lower(address);
  const auto local = base::to_lower(sender.substr(0, sender.rfind('@')));
  return lower.find(local) != std::string::npos;
}

/// Where the Return-Path stands, if its address is right.
Judgement place_of_return_path(const Delivered& delivered, std::size_t at,
                               const ReturnPath& path) {
  if (!path.route.empty())
    return note(
        fmt::format("Return-Path keeps the source route {}", path.route));
  const bool is_first =
      at == 0 || (at == 1 && is_mbox_line(delivered.arrived.fields[0]));
  if (!is_first) return note("Return-Path is not the first field");
  return std::nullopt;
}

Judgement return_path(const Delivered& delivered) {
  const auto& facts = delivered.facts;
  if (!facts.final_delivery || facts.sender.empty()) return std::nullopt;
  const auto paths = added_return_paths(delivered);
  if (paths.empty()) return complain("the target added no Return-Path");
  const auto path = read_path(delivered, paths.front());
  const auto sender = mailbox_of(facts.sender);
  if (same_mailbox(path.address, sender))
    return place_of_return_path(delivered, paths.front(), path);
  return complain_or_note(
      is_rewritten(path.address, sender),
      fmt::format("Return-Path holds \"{}\", and the sender "
                  "was {}",
                  path.address, sender));
}

Judgement return_path_null(const Delivered& delivered) {
  const auto& facts = delivered.facts;
  if (!facts.final_delivery || !facts.sender.empty()) return std::nullopt;
  const auto paths = added_return_paths(delivered);
  if (paths.empty())
    return complain("the target added no Return-Path to mail from <>");
  const auto path = read_path(delivered, paths.front());
  if (path.address.empty())
    return place_of_return_path(delivered, paths.front(), path);
  return complain(fmt::format("Return-Path holds \"{}\", and the sender was <>",
                              path.address));
}

Judgement return_path_once(const Delivered& delivered) {
  if (!delivered.facts.final_delivery) return std::nullopt;
  const auto count = count_fields(delivered.arrived, "Return-Path");
  if (count < 2) return std::nullopt;
  return complain_or_note(
      added_return_paths(delivered).size() < 2,
      fmt::format("the message has {} Return-Path fields", count));
}

Judgement return_path_grammar(const Delivered& delivered) {
  if (!delivered.facts.final_delivery) return std::nullopt;
  for (const std::size_t at : added_return_paths(delivered)) {
    const auto path = read_path(delivered, at);
    if (!path.is_angled)
      return complain("the path in Return-Path has no angle brackets");
    if (!path.rest.empty() && !path.rest.starts_with('('))
      return complain(fmt::format(
          "\"{}\" stands behind the path of Return-Path", path.rest));
    if (!path.has_leading_blank)
      return note("no blank stands behind \"Return-Path:\"");
    if (!path.route.empty()) return note("Return-Path keeps a source route");
    if (!path.address.empty() && path.address.find('@') == std::string::npos)
      return note("the address in Return-Path has no domain");
  }
  return std::nullopt;
}

// --- what is given away ---

bool is_address_octet(char c) {
  return base::is_alpha(c) || base::is_digit(c) || c == '-' || c == '_' ||
         c == '.' || c == '+' || c == '=';
}

/// Whether `text` names an address, in any case and not as a part of another.
bool names(std::string_view text, std::string_view address) {
  if (address.empty()) return false;
  const auto lower = base::to_lower(text);
  const auto wanted = base::to_lower(address);
  for (auto at = lower.find(wanted); at != std::string::npos;
       at = lower.find(wanted, at + 1)) {
    const auto end = at + wanted.size();
    // A dot may end a sentence.
    const bool ends = end == lower.size() || lower[end] == '.' ||
                      !is_address_octet(lower[end]);
    if (ends && (at == 0 || !is_address_octet(lower[at - 1]))) return true;
  }
  return false;
}

bool is_named_by_us(const Delivered& delivered, std::string_view address) {
  return std::ranges::any_of(delivered.sent.fields, [&](const Field& field) {
    return names(field.body, address);
  });
}

/// The text of an added field without the FOR clause, which other rules judge.
std::string text_without_for(const Field& field) {
  if (!field.is("Received")) return field.unfolded();
  std::string text;
  const Stamp stamp = parse_stamp(field.unfolded());
  for (const Clause& clause : stamp.clauses)
    if (clause.name != "for") text += clause.text();
  return text;
}

/// Whether added fields show this recipient to readers of the copy.
bool is_shown(const Delivered& delivered, std::string_view recipient) {
  return std::ranges::any_of(delivered.added, [&](std::size_t at) {
    const Field& field = added_field(delivered, at);
    const bool is_own = recipient == delivered.facts.recipient;
    return names(is_own ? field.unfolded() : text_without_for(field),
                 recipient);
  });
}

Judgement recipients_hidden(const Delivered& delivered) {
  const auto& facts = delivered.facts;
  if (facts.recipients.size() < 2 || facts.is_generated) return std::nullopt;
  for (const auto& recipient : facts.recipients) {
    const bool is_sender = same_mailbox(recipient, facts.sender);
    if (is_sender || is_named_by_us(delivered, recipient) ||
        !is_shown(delivered, recipient))
      return std::nullopt;
  }
  return complain("the added fields name all recipients of the transaction");
}

Judgement no_apparently_to(const Delivered& delivered) {
  return any_added(delivered, [](const Field& field) -> Judgement {
    if (!field.is("Apparently-To")) return std::nullopt;
    return complain("the target added Apparently-To");
  });
}

bool is_address_field(const Field& field) {
  constexpr std::array all{"From", "Sender", "Reply-To", "To", "Cc", "Bcc"};
  return std::ranges::any_of(all, [&](auto name) { return field.is(name); });
}

/// Whether `field`, changed or added, names an address of the envelope.
bool names_envelope(const Field& field, const DeliveryFacts& facts) {
  return names(field.body, facts.sender) ||
         std::ranges::any_of(facts.recipients, [&](const std::string& address) {
           return names(field.body, address);
         });
}

Judgement envelope_kept_out(const Delivered& delivered) {
  const auto& facts = delivered.facts;
  if (facts.is_generated) return std::nullopt;
  const auto judge = [&](const Field& field, bool is_noted) {
    return complain_or_note(
        is_noted || facts.authenticated,
        fmt::format("the target wrote an address of the envelope into {}: "
                    "\"{}\"",
                    field.name,
                    base::escape_up_to(field.unfolded(), snippet_limit)));
  };
  for (std::size_t i = 0; i < delivered.ours.size(); ++i) {
    const OurField& ours = delivered.ours[i];
    if (ours.fate != Fate::changed) continue;
    const Field& field = delivered.arrived.fields[ours.at];
    if (is_address_field(field) && names_envelope(field, facts) &&
        !names_envelope(delivered.sent.fields[i], facts))
      return judge(field, false);
  }
  return any_added(delivered, [&](const Field& field) -> Judgement {
    if (!is_address_field(field) || !names_envelope(field, facts))
      return std::nullopt;
    // A missing From or Sender may be made good where mail is submitted.
    return judge(field, field.is("From") || field.is("Sender"));
  });
}

// --- submission ---

/// The field that the target added or put in the place of ours.
const Field* written_by_target(const Delivered& delivered,
                               std::string_view name) {
  for (const std::size_t at : delivered.added)
    if (added_field(delivered, at).is(name)) return &added_field(delivered, at);
  for (const OurField& ours : delivered.ours)
    if (ours.fate == Fate::changed &&
        delivered.arrived.fields[ours.at].is(name))
      return &delivered.arrived.fields[ours.at];
  return nullptr;
}

Judgement sender_added(const Delivered& delivered) {
  if (delivered.facts.is_generated) return std::nullopt;
  const Field* sender = written_by_target(delivered, "Sender");
  if (!sender) return std::nullopt;
  return note(fmt::format("the target wrote Sender: {}", sender->unfolded()));
}

/// "local@domain", with or without a name before it in angle brackets; lenient.
bool looks_like_mailbox(std::string_view text) {
  const auto open = text.rfind('<');
  if (open != std::string_view::npos) {
    const auto close = text.find('>', open);
    if (close == std::string_view::npos) return false;
    text = text.substr(open + 1, close - open - 1);
  }
  const auto at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == text.size())
    return false;
  const auto domain = text.substr(at + 1);
  return !domain.starts_with('.') &&
         domain.find("..") == std::string_view::npos;
}

Judgement sender_valid(const Delivered& delivered) {
  if (delivered.facts.is_generated) return std::nullopt;
  const Field* sender = written_by_target(delivered, "Sender");
  if (!sender || looks_like_mailbox(sender->unfolded())) return std::nullopt;
  return complain(
      fmt::format("the Sender that the target wrote is no address: "
                  "\"{}\"",
                  sender->unfolded()));
}

bool we_sent(const Delivered& delivered, std::string_view name) {
  return find_field(delivered.sent, name) != nullptr;
}

Judgement date_added(const Delivered& delivered) {
  if (delivered.facts.is_generated || we_sent(delivered, "Date"))
    return std::nullopt;
  return note(find_field(delivered.arrived, "Date")
                  ? "the target added the missing Date"
                  : "the target did not add the missing Date");
}

Judgement message_id_added(const Delivered& delivered) {
  if (delivered.facts.is_generated || we_sent(delivered, "Message-ID") ||
      find_field(delivered.arrived, "Message-ID"))
    return std::nullopt;
  return complain("the target did not add the missing Message-ID");
}

Judgement addresses_rewritten(const Delivered& delivered) {
  for (const OurField& ours : delivered.ours) {
    if (ours.fate != Fate::changed) continue;
    const Field& field = delivered.arrived.fields[ours.at];
    if (is_address_field(field))
      return note(
          fmt::format("the target rewrote {} to \"{}\"", field.name,
                      base::escape_up_to(field.unfolded(), snippet_limit)));
  }
  return std::nullopt;
}

constexpr DeliveryRule rules[] = {
    {"added-ascii", added_ascii},
    {"trace-ascii", trace_ascii},
    {"added-field-syntax", added_field_syntax},
    {"added-line-length-998", added_line_length_998},
    {"added-line-length-78", added_line_length_78},
    {"return-path", return_path},
    {"return-path-null", return_path_null},
    {"return-path-once", return_path_once},
    {"return-path-grammar", return_path_grammar},
    {"recipients-hidden", recipients_hidden},
    {"no-apparently-to", no_apparently_to},
    {"envelope-kept-out", envelope_kept_out},
    {"sender-added", sender_added},
    {"sender-valid", sender_valid},
    {"date-added", date_added},
    {"message-id-added", message_id_added},
    {"addresses-rewritten", addresses_rewritten},
};

}  // namespace

std::span<const DeliveryRule> added_rules() { return rules; }

}  // namespace smtpspec::smtp
