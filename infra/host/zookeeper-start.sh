# The start of the server.

readonly zookeeper_log_limit_bytes=33554432
# The last attempt that has started a running server anew.
readonly zookeeper_restarted=/run/stayput-restarted

zookeeper_log_start=0

zookeeper_start() {
  zookeeper_require_mounts
  zookeeper_refuse_foreign
  if zookeeper_runs_as_configured && ! zookeeper_is_to_restart; then
    log 'ZooKeeper runs already'
    return 0
  fi
  zookeeper_stop
  # Before the launch: this command, run once more, must not stop what it has started.
  [[ $service != restart ]] || printf '%s\n' "$attempt" >"$zookeeper_restarted"
  zookeeper_launch
}

zookeeper_runs_as_configured() {
  [[ -n $(zookeeper_processes) && -n $(zookeeper_processes_with "-Dstayput[.]configuration=$zookeeper_digest") ]]
}

# Whether the server is started anew although it runs as configured: once an attempt.
zookeeper_is_to_restart() {
  [[ $service == restart && $(cat "$zookeeper_restarted" 2>/dev/null) != "$attempt" ]]
}

# A mount that was taken away lazily is there for those who have its files open, and for nobody else. Such a server goes on
# until it opens its next file, on the machine's own disk. And as long as it runs, the file system is in use, and can't be
# checked before it is mounted again.
zookeeper_stop_without_mounts() {
  local place
  [[ -n $(zookeeper_processes) ]] || return 0
  for place in "${mounts[@]}"; do
    zookeeper_is_mounted "$place" && continue
    log "$place is not mounted any more, and ZooKeeper still runs from it: stopped"
    zookeeper_stop
    return 0
  done
}

# The package may have brought a unit of its own; it would start a server with the user's configuration.
zookeeper_refuse_foreign() {
  local pid ours=''
  if has_systemd && [[ -n $(systemctl list-unit-files --no-legend zookeeper.service 2>/dev/null) ]]; then
    systemctl disable --now --quiet zookeeper.service >&2 || true
  fi
  for pid in $(zookeeper_processes_with "${zookeeper_main//./[.]}"); do
    ours=${ours:-" $(zookeeper_processes | tr '\n' ' ') "}
    [[ $ours == *" $pid "* ]] || zookeeper_refuse "another ZooKeeper runs on this host, as process $pid"
  done
}

zookeeper_launch() {
  [[ -d ${zookeeper_log%/*} ]] || mkdir -p "${zookeeper_log%/*}"
  if [[ -f $zookeeper_log ]] && (($(stat -c %s "$zookeeper_log") > zookeeper_log_limit_bytes)); then
    mv -f "$zookeeper_log" "$zookeeper_log.1"
  fi
  : >>"$zookeeper_log"
  chown "$zookeeper_user:" "$zookeeper_log"
  chmod 640 "$zookeeper_log"
  zookeeper_make_room
  zookeeper_log_start=$(stat -c %s "$zookeeper_log")
  if has_systemd; then
    systemctl enable --quiet "$zookeeper_unit" >&2
    systemctl reset-failed "$zookeeper_unit" >&2 || true
    systemctl start "$zookeeper_unit" >&2 || zookeeper_refuse "systemd could not start $zookeeper_unit"
  else
    zookeeper_detach
  fi
}

# Starts the server as a process that outlives this command and holds nothing of it: neither the host's lock, nor the
# pipes on whose end Run Command waits, nor the parameters in its environment.
zookeeper_detach() {
  (
    local descriptor
    for descriptor in /proc/"$BASHPID"/fd/*; do
      descriptor=${descriptor##*/}
      ((descriptor <= 2)) || exec {descriptor}>&-
    done
    cd /
    exec env -i "PATH=$PATH" LC_ALL=C setsid setpriv --reuid "$zookeeper_user_id" \
      --regid "$zookeeper_group_id" --init-groups bash "$zookeeper_launcher" "$zookeeper_config"
  ) </dev/null >/dev/null 2>&1 &
}
