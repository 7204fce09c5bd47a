# Exim: sourced by lab/supervise. It runs without its setuid bit (chapter
# "Security considerations" of its specification, "Running Exim without
# privilege"): all deliveries are made as Debian-exim.

prepare() {
  local user=64202 home
  install -d "$RUN/bin" "$RUN/conf"
  install -d -o $user -m 755 "$RUN/spool"
  chown $user "$RUN/log"
  # A copy: the user must reach it, whatever the folder of the project lets.
  install -m 755 "$PACKAGES/usr/sbin/exim4" "$RUN/bin/exim"
  cp "$lab/aliases" "$RUN/conf/aliases"
  fill "$lab/exim/exim.conf" "$RUN/conf/exim.conf"
  install -o $user -m 400 "$RUN/key.pem" "$RUN/conf/key.pem"
  for home in alice bob theboss; do
    chown $user "$RUN/home/$home"
  done
  server_command=("$RUN/bin/exim" -C "$RUN/conf/exim.conf" -bdf -q30m)
}
