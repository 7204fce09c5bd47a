#include "fuzzing/script.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/escape.h"
#include "fuzzing/notation.h"

namespace smtpspec::fuzzing {
namespace {

/// Behind the steps: what carries them out.
constexpr std::string_view program = R"__(

TIMEOUT = 10
BORDERS = rb'[^\r\n.]*[\r\n.]|[^\r\n.]+'
token = 'f' + os.urandom(6).hex()
log = lambda mark, text: print(mark + text, flush=True)


def ask(name):
    if name not in os.environ:
        sys.exit('set ' + name + ': this session logs in')
    return os.environ[name]


class Session:
    def __init__(self, host, port):
        self.host, self.received, self.closed = host, b'', False
        self.octets, self.shown = b'', b''
        self.socket = socket.create_connection((host, port), TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def value(self, name):
        if name == 'token':
            return token.encode()
        if name == 'own_ipv4':
            return self.socket.getsockname()[0].encode()
        if name == 'target_ipv4':
            return self.socket.getpeername()[0].encode()
        return ask(SECRETS[name]).encode()

    def write(self, octets, shown, split=False):
        for line in shown.split(b'\r\n'):
            if line:
                log('C: ', ascii(line)[2:-1])
        pieces = re.findall(BORDERS, octets) if split else [octets]
        try:
            for piece in pieces:
                self.socket.sendall(piece)
                if split:
                    time.sleep(0.001)
        except OSError as error:
            self.end(str(error))

    def send(self, parts, split):
        octets, shown = b'', b''
        for part in parts:
            is_value = isinstance(part, str)
            octets += self.value(part) if is_value else part
            shown += b'***' if part in SECRETS else (
                self.value(part) if is_value else part)
        if split:
            self.flush()
            self.write(octets, shown, True)
        else:
            self.octets += octets
            self.shown += shown

    # What follows each other without a wait is one write.
    def flush(self):
        octets, shown, self.octets, self.shown = (self.octets, self.shown,
                                                  b'', b'')
        if octets:
            self.write(octets, shown)

    def end(self, why):
        if not self.closed:
            log('# ', why)
        self.closed = True

    # A line with its end, or None.
    def line(self, timeout):
        deadline = time.monotonic() + timeout
        while b'\n' not in self.received and not self.closed:
            try:
                self.socket.settimeout(max(0.01, deadline - time.monotonic()))
                octets = self.socket.recv(65536)
                self.received += octets
                if not octets:
                    self.end('the server closed the connection')
            except socket.timeout:
                return None
            except OSError as error:
                self.end(str(error))
        line, end, rest = self.received.partition(b'\n')
        self.received = rest
        return line + end or None

    # The last line of a reply, or None.
    def read(self, timeout=TIMEOUT):
        while True:
            line = self.line(timeout)
            if line is None:
                return None
            log('S: ', ascii(line)[2:-1])
            if line[3:4] != b'-':
                return line

    def read_replies(self, count):
        self.flush()
        for _ in range(count):
            if self.read() is None:
                log('# ', 'no reply')
                return

    def handshake(self):
        self.flush()
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        log('TLS: ', 'handshake')
        try:
            self.socket = context.wrap_socket(self.socket,
                                              server_hostname=self.host)
        except OSError as error:
            self.end(str(error))

    def login(self, mechanism, twist):
        self.flush()
        responses = LOGINS.get(mechanism)
        if responses is None or twist not in ('', 'wrong password',
                                              'unknown user'):
            sys.exit('this script cannot say AUTH ' + mechanism + ' ' + twist)
        log('AUTH: ', mechanism)
        user = 'no-such-user' if twist == 'unknown user' else ask('SMTP_USER')
        is_token = mechanism in ('XOAUTH2', 'OAUTHBEARER')
        secret = ask('SMTP_BEARER' if is_token else 'SMTP_PASSWORD')
        if twist == 'wrong password':
            secret += 'x'
        self.write(b'AUTH ' + mechanism.encode() + b'\r\n',
                   b'AUTH ' + mechanism.encode())
        talk = responses(user, secret)
        answer = next(talk)
        while True:
            line = self.read()
            if line is None or line[:3] != b'334':
                return
            try:
                if answer is None:
                    answer = talk.send(base64.b64decode(line[4:]))
                octets = base64.b64encode(answer.encode())
                answer = None
            except (StopIteration, ValueError, KeyError):
                octets, answer = b'*', None
            self.write(octets + b'\r\n', b'***')


# Generators: each gives what it says, and gets the challenges; first of all it
# gives what answers the empty challenge, or None where the server speaks first.
def plain(user, secret):
    yield '\0' + user + '\0' + secret


def login(user, secret):
    yield None
    yield user
    yield secret


def cram_md5(user, secret):
    challenge = yield None
    digest = hmac.new(secret.encode(), challenge, 'md5').hexdigest()
    yield user + ' ' + digest


def xoauth2(user, secret):
    yield 'user=' + user + '\1auth=Bearer ' + secret + '\1\1'


def oauthbearer(user, secret):
    yield 'n,a=' + user + ',\1auth=Bearer ' + secret + '\1\1'


def scram(name):
    def talk(user, secret):
        user = user.replace('=', '=3D').replace(',', '=2C')
        first = 'n=' + user + ',r=' + os.urandom(12).hex()
        challenge = (yield 'n,,' + first).decode()
        given = dict(part.split('=', 1) for part in challenge.split(','))
        salted = hashlib.pbkdf2_hmac(name, secret.encode(),
                                     base64.b64decode(given['s']),
                                     int(given['i']))
        key = hmac.new(salted, b'Client Key', name).digest()
        last = 'c=biws,r=' + given['r']
        signed = ','.join((first, challenge, last)).encode()
        stored = hashlib.new(name, key).digest()
        signature = hmac.new(stored, signed, name).digest()
        proof = bytes(a ^ b for a, b in zip(key, signature))
        yield last + ',p=' + base64.b64encode(proof).decode()
        yield ''
    return talk


LOGINS = {'PLAIN': plain, 'LOGIN': login, 'CRAM-MD5': cram_md5,
          'XOAUTH2': xoauth2, 'OAUTHBEARER': oauthbearer,
          'SCRAM-SHA-1': scram('sha1'), 'SCRAM-SHA-256': scram('sha256')}


def main():
    if len(sys.argv) != 3 or not sys.argv[2].isdigit():
        sys.exit('usage: ' + sys.argv[0] + ' HOST PORT')
    try:
        session = Session(sys.argv[1], int(sys.argv[2]))
    except OSError as error:
        sys.exit('cannot connect: ' + str(error))
    steps = {'send': session.send, 'read': session.read_replies,
             'tls': session.handshake, 'login': session.login}
    for name, *arguments in STEPS:
        if session.closed and not session.received:
            break
        steps[name](*arguments)
    session.flush()
    while session.read(2) is not None:
        pass


if __name__ == '__main__':
    main()
)__";

/// A variable whose value the script asks for, and where.
struct Asked {
  std::string_view variable;
  std::string_view source;
};
constexpr Asked asked[] = {{"user", "SMTP_USER"},
                           {"password", "SMTP_PASSWORD"},
                           {"bearer", "SMTP_BEARER"}};

bool is_told_by_session(std::string_view name) {
  return name == "token" || name == "own_ipv4" || name == "target_ipv4" ||
         std::ranges::any_of(asked, [&](const Asked& variable) {
           return variable.variable == name;
         });
}

std::string bytes_literal(std::string_view octets) {
  std::string text = "b'";
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '\r') {
      text += "\\r";
    } else if (c == '\n') {
      text += "\\n";
    } else if (octet < 32 || octet > 126) {
      text += fmt::format("\\x{:02x}", octet);
    } else {
      if (c == '\'' || c == '\\') text += '\\';
      text += c;
    }
  }
  return text + "'";
}

/// "b'MAIL FROM:<', 'token', b'x' * 600", a list.
std::string parts_of(const Unit& unit, const scenario::Variables& variables) {
  // Values that are known stand there: they join the text.
  std::vector<Token> tokens;
  for (Token& token : tokens_of(unit.octets, variables)) {
    if (token.is_variable && !is_told_by_session(token.text))
      token = {false, variables.at(token.text)};
    if (!token.is_variable && !tokens.empty() && !tokens.back().is_variable) {
      tokens.back().text += token.text;
    } else {
      tokens.push_back(std::move(token));
    }
  }
  std::string list;
  const auto add = [&](const std::string& part) {
    list += (list.empty() ? "" : ", ") + part;
  };
  for (const Token& token : tokens) {
    if (token.is_variable) {
      add("'" + token.text + "'");
      continue;
    }
    for (const Repeat& piece : repeats_of(token.text)) {
      add(piece.times == 1 ? bytes_literal(piece.text)
                           : fmt::format("{} * {}", bytes_literal(piece.text),
                                         piece.times));
    }
  }
  return list;
}

/// How many replies were read at a unit, what a login or handshake came to left
/// out, which those read themselves; and one that did not come.
std::size_t replies_at(std::size_t unit, const Evidence& evidence) {
  const Observation& seen = evidence.observation;
  auto count = static_cast<std::size_t>(
      std::ranges::count_if(seen.answers, [&](const Answer& answer) {
        return answer.unit == unit && !answer.is_of_connection() &&
               !answer.is_outcome;
      }));
  const bool is_unit = unit < evidence.input.units.size();
  if (is_reply_missing(evidence) && seen.unit == unit &&
      !(is_unit && has_begun(evidence, unit))) {
    ++count;
  }
  return count;
}

std::string step(std::size_t index, const Evidence& evidence) {
  const Unit& unit = evidence.input.units[index];
  const auto count = replies_at(index, evidence);
  const std::string read =
      count > 0 || unit.waits ? fmt::format("    ('read', {}),\n", count) : "";
  if (unit.kind == Unit::Kind::octets) {
    return fmt::format("    ('send', [{}], {}),\n{}",
                       parts_of(unit, evidence.variables),
                       unit.is_split ? "True" : "False", read);
  }
  // These wait for what is due before them.
  if (!has_begun(evidence, index)) return read;
  return read + (unit.kind == Unit::Kind::tls
                     ? std::string("    ('tls',),\n")
                     : fmt::format("    ('login', '{}', '{}'),\n", unit.octets,
                                   unit.twist));
}

}  // namespace

std::string to_script(const Evidence& evidence) {
  std::string text = fmt::format(
      "#!/usr/bin/env python3\n"
      "# {}\n"
      "# Found by smtpspec fuzz: {}. Usage: replay.py HOST PORT\n"
      "import base64\nimport hashlib\nimport hmac\nimport os\nimport re\n"
      "import socket\nimport ssl\nimport sys\nimport time\n\nSTEPS = [\n",
      base::escape(evidence.finding.sentence), file_name(evidence.finding));
  if (evidence.listener == scenario::Listener::submissions)
    text += "    ('tls',),\n";
  text += "    ('read', 1),\n";
  for (std::size_t i = 0; i < evidence.input.units.size(); ++i)
    text += step(i, evidence);
  const auto last = replies_at(evidence.input.units.size(), evidence);
  if (last > 0) text += fmt::format("    ('read', {}),\n", last);
  text += "]\n# Asked of the environment.\nSECRETS = {";
  for (const Asked& variable : asked) {
    text += fmt::format("{}'{}': '{}'", &variable == asked ? "" : ", ",
                        variable.variable, variable.source);
  }
  return text + "}" + std::string(program);
}

}  // namespace smtpspec::fuzzing
