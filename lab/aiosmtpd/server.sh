# aiosmtpd, a library: sourced by lab/supervise. driver.py makes a server of it.

prepare() {
  export PYTHONPATH=$PACKAGES/usr/lib/python3/dist-packages
  # Debian's Python, which its package is made for; it writes no byte code
  # beside the packages.
  server_command=(/usr/bin/python3 -B "$lab/aiosmtpd/driver.py" "$RUN"
    "$lab/aliases" "$MTA_PORT" "$SUBMISSION_PORT" "$SUBMISSIONS_PORT"
    "$SINK_PORT")
}
