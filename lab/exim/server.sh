# Exim: sourced by lab/supervise. It runs without its setuid bit (chapter
# "Security considerations" of its specification, "Running Exim without
# privilege"): all deliveries are made as Debian-exim.

prepare() {
  install -d "$RUN/bin" "$RUN/conf"
  install -d -o "$reader" -m 755 "$RUN/spool"
  chown "$reader" "$RUN/log"
  # A copy: the user must reach it, whatever the folder of the project lets.
  install -m 755 "$PACKAGES/usr/sbin/exim4" "$RUN/bin/exim"
  cp "$lab/aliases" "$RUN/conf/aliases"
  fill "$lab/exim/exim.conf" "$RUN/conf/exim.conf"
  variant_lines >"$RUN/conf/variant.conf"
  install -o "$reader" -m 400 "$RUN/key.pem" "$RUN/conf/key.pem"
  server_command=("$RUN/bin/exim" -C "$RUN/conf/exim.conf" -bdf -q2s)
}
