# OpenSMTPD: sourced by lab/supervise. Its paths are compiled in, and each of
# its processes starts with a clean environment and a root folder of its own:
# it gets private folders instead of nss_wrapper.

prepare() {
  local folder
  for folder in bin conf etc lib/opensmtpd/empty run spool; do
    install -d "$RUN/$folder"
  done
  add_user opensmtpd 64204
  add_user opensmtpq 64205
  cp "$RUN/passwd" "$RUN/group" "$RUN/etc"
  # Its own resolver reads these, and with "lookup file" asks nobody else.
  echo "lookup file" >"$RUN/etc/resolv.conf"
  echo "127.0.0.1 mx.example.test localhost" >"$RUN/etc/hosts"
  echo "mx.example.test" >"$RUN/etc/mailname"

  cp "$lab/aliases" "$RUN/conf/aliases"
  echo "gone: error:550 has moved to away@foreign.example.net" \
    >>"$RUN/conf/aliases"
  fill "$lab/opensmtpd/smtpd.conf" "$RUN/conf/smtpd.conf"

  # No TLS (see smtpd.conf), and so no AUTH.
  sed -i '/^ *submission/d; /^user:/d; /^password:/d' "$RUN/profile.yaml"

  # The suite's sink comes and goes: who missed it tries again soon, as the
  # server by itself does after minutes. The tool wants the group.
  install -g 64205 -m 2755 "$PACKAGES/usr/sbin/smtpctl" "$RUN/bin/smtpctl"

  # shellcheck disable=SC2034
  server_command=(env -u LD_PRELOAD "$lab/private" "$RUN/etc" /etc
    "$RUN/lib" /var/lib "$RUN/run" /run "$RUN/spool" /var/spool
    "$PACKAGES/usr/libexec" /usr/libexec --
    bash -c "while sleep 2; do '$RUN/bin/smtpctl' schedule all; done \
      >/dev/null 2>&1 &
      exec '$PACKAGES/usr/sbin/smtpd' -d -v -f '$RUN/conf/smtpd.conf' \
      >'$RUN/log/mail.log' 2>&1")
}

# It says so to who asks for details (-v).
is_listening() {
  grep -qs 'smtp: will accept' "$RUN/log/mail.log"
}
