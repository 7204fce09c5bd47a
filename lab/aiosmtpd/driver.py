"""driver.py RUN ALIASES MTA SUBMISSION SUBMISSIONS SINK: aiosmtpd with the
lab's policy (lab/README.md) on three ports of 127.0.0.1.

The hooks refuse what the policy refuses and keep the mail. To all else they
return MISSING, so that the reply, right or wrong, is aiosmtpd's own.
"""
import asyncio
import collections
import email.parser
import email.utils
import logging
import mailbox
import os
import pathlib
import pwd
import re
import smtplib
import ssl
import sys

from aiosmtpd.controller import UnthreadedController
from aiosmtpd.smtp import MISSING, SMTP, AuthResult, LoginPassword

HOST = "mx.example.test"
DOMAINS = "example.test", HOST, "[127.0.0.1]"
MAILBOXES = "alice", "bob", "theboss"
MOVED = {"gone": "away@foreign.example.net"}
REFUSED_SENDER = "unwanted@client.example.net"
TRUSTED = "127.0.0.9"
BARRED = "127.0.0.8"
MAX_RECEIVED = 100  # RFC 5321 section 6.3: "at least 100"

log = logging.getLogger("driver")


def read_aliases(path):
    lines = pathlib.Path(path).read_text("ascii").splitlines()
    pairs = (line.split(":") for line in lines if not line.startswith("#"))
    return {name: re.split(r",\s*", members.strip())
            for name, members in pairs}


def local_part(address):
    """The local part in lower case, without +EXTENSION; None if foreign."""
    name, at, domain = address.lower().rpartition("@")
    if not at and domain == "postmaster":
        return domain
    return name.partition("+")[0] if domain in DOMAINS else None


def received(server, session, envelope):
    """The field, with the words of RFC 3848 and RFC 6531 section 4.3, and the
    cipher suite of RFC 8314 section 4.3 where its registered name is known.
    """
    encrypted = server.transport.get_extra_info("sslcontext") is not None
    word = "UTF8SMTP" if envelope.smtp_utf8 else "ESMTP"
    word += "S" * encrypted + "A" * bool(session.authenticated)
    suite = (server.transport.get_extra_info("cipher") or [""])[0]
    tls = f"\r\n\ttls {suite}" if suite.startswith("TLS_") else ""
    name = re.sub(r"[^A-Za-z0-9.:\[\]-]", "-", session.host_name)
    return (f"Received: from {name} ([{session.peer[0]}])\r\n\tby {HOST}"
            f" with {word if session.extended_smtp else 'SMTP'}{tls};\r\n\t"
            f"{email.utils.formatdate(localtime=True)}\r\n").encode("ascii")


def report(sender, refused, mail):
    """A report of failure (RFC 3464) with the header of the mail."""
    text = "".join(
        f"<{address}>:\r\n  {code} {reply.decode(errors='replace')}\r\n"
        for address, (code, reply) in refused.items())
    fields = "".join(f"\r\nFinal-Recipient: rfc822; {address}\r\n"
                     "Action: failed\r\nStatus: 5.0.0\r\n"
                     for address in refused)
    parts = (("text/plain", "Not delivered:\r\n" + text),
             ("message/delivery-status",
              f"Reporting-MTA: dns; {HOST}\r\n{fields}"))
    header, mark = mail.partition(b"\r\n\r\n")[0], "report-of-failure"
    body = "".join(f"--{mark}\r\nContent-Type: {kind}\r\n\r\n{content}\r\n"
                   for kind, content in parts)
    return (f"From: MAILER-DAEMON@{HOST}\r\nTo: {sender}\r\n"
            f"Date: {email.utils.formatdate(localtime=True)}\r\n"
            f"Message-ID: {email.utils.make_msgid(domain=HOST)}\r\n"
            "Subject: Not delivered\r\nAuto-Submitted: auto-replied\r\n"
            "MIME-Version: 1.0\r\nContent-Type: multipart/report;\r\n\t"
            f'report-type=delivery-status; boundary="{mark}"\r\n\r\n{body}'
            f"--{mark}\r\nContent-Type: text/rfc822-headers\r\n\r\n"
            ).encode(errors="replace") + header + (
                f"\r\n\r\n--{mark}--\r\n".encode("ascii"))


class Server(SMTP):
    """With limits of its own: aiosmtpd keeps one table of command lengths for
    all sessions, and each that begins takes from the others what SIZE and
    SMTPUTF8 add to MAIL. A verdict must not hang on who comes when.
    """
    def __init__(self, *arguments, **settings):
        limit = self.command_size_limit
        self.command_size_limits = collections.defaultdict(lambda: limit)
        super().__init__(*arguments, **settings)


class Controller(UnthreadedController):
    def factory(self):
        return Server(self.handler, **self.SMTP_kwargs)


class Policy:
    def __init__(self, run, aliases, sink_port):
        self.run, self.aliases, self.sink_port = run, aliases, sink_port

    async def handle_MAIL(self, server, session, envelope, address, options):
        if session.peer[0] == BARRED:
            return "550 Client host refused"
        if address.lower() == REFUSED_SENDER:
            return "550 Sender refused"
        return MISSING

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = local_part(address)
        if name in MOVED:
            return f"550 Has moved to {MOVED[name]}"
        if name in self.aliases or name in MAILBOXES:
            return MISSING
        if name is not None or "@" not in address:
            return "550 No such user here"
        if session.authenticated or session.peer[0] == TRUSTED:
            return MISSING
        return "550 Relaying denied"

    async def handle_DATA(self, server, session, envelope):
        headers = email.parser.BytesHeaderParser().parsebytes(envelope.content)
        if len(headers.get_all("Received", [])) > MAX_RECEIVED:
            return "554 Too many hops"
        mail = received(server, session, envelope) + envelope.content
        await asyncio.to_thread(self.deliver, envelope, mail)
        return "250 OK"

    def deliver(self, envelope, mail):
        homes, foreign, refused = set(), [], {}
        for recipient in envelope.rcpt_tos:
            name = local_part(recipient)
            for member in self.aliases.get(name, [name or recipient]):
                if "@" in member:
                    foreign.append(member)
                elif member in MAILBOXES:
                    homes.add(member)
                else:  # crew has such a member
                    refused[f"{member}@{DOMAINS[0]}"] = 550, b"No such user"
        sender = envelope.mail_from  # "<>" if empty
        path = f"Return-Path: <{sender.strip('<>')}>\r\n".encode(
            errors="surrogateescape")  # as the octets came
        for name in homes:
            folder = mailbox.Maildir(f"{self.run}/home/{name}/Maildir")
            folder.add((path + mail).replace(b"\r\n", b"\n"))
        options = ["SMTPUTF8"] if envelope.smtp_utf8 else []
        if foreign:
            refused.update(self.send(sender, foreign, mail, options))
        if refused and sender.strip("<>"):
            self.send("<>", [sender], report(sender, refused, mail), options)

    def send(self, sender, recipients, mail, options):
        """Returns why each of the refused was."""
        try:
            with smtplib.SMTP("127.0.0.1", self.sink_port, HOST,
                              timeout=30) as sink:
                return sink.sendmail(sender, recipients, mail, options)
        except smtplib.SMTPRecipientsRefused as error:
            return error.recipients
        except (OSError, smtplib.SMTPException, ValueError) as error:
            # No queue: nothing listens there unless the suite does.
            log.info("not sent: %s", error)
            return {}


def authenticate(server, session, envelope, mechanism, data):
    success = data == LoginPassword(b"alice", b"secret")
    return AuthResult(success=success, handled=False)


def main():
    run, aliases = sys.argv[1:3]
    mta, submission, submissions, sink = map(int, sys.argv[3:])
    logging.basicConfig(filename=f"{run}/log/main.log", level=logging.INFO,
                        errors="backslashreplace")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(f"{run}/cert.pem", f"{run}/key.pem")
    loop = asyncio.new_event_loop()
    policy = Policy(run, read_aliases(aliases), sink)

    def listen(port, **settings):
        Controller(
            policy, "127.0.0.1", port, loop, server_hostname=HOST,
            authenticator=authenticate, **settings).begin()

    listen(mta, tls_context=tls)
    listen(submission, tls_context=tls, require_starttls=True,
           auth_required=True)
    # Under TLS from the start aiosmtpd offers AUTH only if it need not be
    # under TLS.
    listen(submissions, ssl_context=tls, auth_required=True,
           auth_require_tls=False)
    owner = pwd.getpwnam("alice")
    os.setgroups([])
    os.setgid(owner.pw_gid)
    os.setuid(owner.pw_uid)
    log.info("daemon started")
    loop.run_forever()


if __name__ == "__main__":
    main()
