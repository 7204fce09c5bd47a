# smtp-server: sourced by lab/supervise. A library for Node.js: driver.js is the
# program, and holds the lab's policy.

prepare() {
  chown "$reader" "$RUN/log"
  export NODE_PATH=$PACKAGES/node_modules
  server_command=(node "$lab/smtp-server/driver.js" "$RUN" "$lab/aliases"
    "$reader" "$SINK_PORT" "$MTA_PORT" "$SUBMISSION_PORT" "$SUBMISSIONS_PORT")
}
