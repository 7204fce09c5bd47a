# Sendmail: sourced by lab/supervise. It drops its environment, and with it
# nss_wrapper: it gets a private /etc instead.

prepare() {
  local mail=$RUN/etc/mail cf=$PACKAGES/usr/share/sendmail/cf
  local libexec=$PACKAGES/usr/libexec/sendmail
  local -a private=(env -u LD_PRELOAD "$lab/private" "$RUN/etc" /etc --)

  install -d "$RUN/bin" "$RUN/etc" "$RUN/etc/sasl2" "$mail" "$mail/certificates"
  install -d -m 700 "$RUN/queue"
  add_user smmta 64204
  add_user smmsp 64205
  cp "$RUN/passwd" "$RUN/group" "$RUN/etc"
  # It waits a minute for a name of the machine that has a domain.
  echo "127.0.0.1 mx.example.test localhost $(hostname)" >"$RUN/etc/hosts"
  echo "hosts: files" >"$RUN/etc/nsswitch.conf"

  # A copy: no folder above may be writable by others.
  install -m 755 "$libexec/sendmail" "$lab/sendmail/deliver" "$RUN/bin"
  install -m 644 "$PACKAGES/etc/mail/helpfile" "$mail/helpfile"
  install -m 644 "$PACKAGES/etc/mail/service.switch-nodns" "$mail"
  fill "$lab/sendmail/sendmail.mc" "$mail/sendmail.mc"
  variant_lines >"$mail/variant.m4"
  m4 -D "_CF_DIR_=$cf/" "$mail/sendmail.mc" >"$mail/sendmail.cf"

  fill "$lab/sendmail/sasl.conf" "$RUN/etc/sasl2/Sendmail.conf"
  echo "secret" | "$PACKAGES/usr/sbin/saslpasswd2" -p -c \
    -f "$RUN/etc/sasldb2" -u mx.example.test alice
  chmod 600 "$RUN/etc/sasldb2"

  "${private[@]}" "$libexec/makemap" hash /etc/mail/access \
    <"$lab/sendmail/access"
  cp "$lab/aliases" "$mail/aliases"
  "${private[@]}" "$RUN/bin/sendmail" -bi

  # shellcheck disable=SC2034
  server_command=("${private[@]}" "$RUN/bin/sendmail" -bD -q2s
    -X "$RUN/log/traffic.log")
}

# It says so in the log of the machine only; this file comes once it listens.
is_listening() {
  [ -s "$RUN/sendmail.pid" ]
}
