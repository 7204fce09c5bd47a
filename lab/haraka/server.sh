# Haraka: sourced by lab/supervise. `haraka --install` makes its folder; what the
# lab needs otherwise replaces files there.

prepare() {
  local folder=$RUN/haraka file
  local conf=$folder/config
  local haraka=$PACKAGES/node_modules/Haraka/bin/haraka
  add_user haraka "$reader"
  node "$haraka" --install "$folder"
  install -d -o "$reader" -m 700 "$folder/queue"

  for file in smtp.ini plugins lab.ini; do
    fill "$lab/haraka/$file" "$conf/$file"
  done
  # The suite exceeds it: with the 25 MB of the default that takes too long.
  sed -i 's/^bytes=.*/bytes=1024000/' "$conf/connection.ini"
  cp "$lab/haraka/lab.js" "$folder/plugins/lab.js"
  cp "$lab/aliases" "$conf/aliases"
  echo mx.example.test >"$conf/me"
  printf '%s\n' example.test mx.example.test '[127.0.0.1]' >"$conf/host_list"
  printf '%s\n' '[core]' methods=PLAIN,LOGIN '[users]' alice=secret \
    >"$conf/auth_flat_file.ini"
  echo 127.0.0.9/32 >"$conf/relay_acl_allow"
  # Foreign mail goes to the suite's sink or nowhere: never to the network.
  printf '%s\n' '[domains]' \
    "any={\"action\":\"continue\",\"nexthop\":\"127.0.0.1:$SINK_PORT\"}" \
    >"$conf/relay_dest_domains.ini"
  # The sink comes and goes: who missed it tries again as soon as Haraka lets.
  echo "temp_fail_intervals=5s*1000" >>"$conf/outbound.ini"
  install -o "$reader" -m 400 "$RUN/key.pem" "$conf/tls_key.pem"
  cp "$RUN/cert.pem" "$conf/tls_cert.pem"

  # shellcheck disable=SC2016
  server_command=(sh -c 'exec "$@" >"$0" 2>&1' "$RUN/log/haraka.log" \
    node "$haraka" --configs "$folder")
}

is_listening() {
  [ "$(grep -cs 'Listening on' "$RUN/log/haraka.log")" = 3 ]
}
