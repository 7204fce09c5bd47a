# Postfix: sourced by lab/supervise. The folders that its package would make,
# and a data base for SASL.

prepare() {
  local conf=$RUN/conf queue=$RUN/queue sbin=$PACKAGES/usr/sbin
  local folder
  export MAIL_CONFIG=$conf LD_LIBRARY_PATH=$PACKAGES/usr/lib/postfix

  install -d "$conf" "$queue" "$queue/pid"
  fill "$lab/postfix/main.cf" "$conf/main.cf"
  variant_lines >>"$conf/main.cf"  # the last line on a parameter counts
  fill "$lab/postfix/master.cf" "$conf/master.cf"
  for folder in active bounce corrupt defer deferred flush hold incoming \
    private saved trace; do
    install -d -o "$postfix" -m 700 "$queue/$folder"
  done
  install -d -o "$postfix" -g "$postdrop" -m 730 "$queue/maildrop"
  install -d -o "$postfix" -g "$postdrop" -m 710 "$queue/public"
  install -d -o "$postfix" -m 700 "$RUN/data"
  install -m 644 /dev/null "$RUN/log/mail.log"

  cp "$lab/aliases" "$conf/aliases"
  LD_PRELOAD=libnss_wrapper.so "$sbin/postalias" "hash:$conf/aliases"

  install -d "$conf/sasl"
  fill "$lab/postfix/sasl.conf" "$conf/sasl/smtpd.conf"
  echo "secret" | "$sbin/saslpasswd2" -p -c -f "$conf/sasl/users" \
    -u mx.example.test alice
  chown "$postfix" "$conf/sasl/users"

  server_command=("$PACKAGES/usr/lib/postfix/sbin/master" -d)
}
