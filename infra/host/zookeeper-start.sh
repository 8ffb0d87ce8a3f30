# The start of the server.

readonly zk_log_limit_bytes=33554432
# The last attempt that has started a running server anew.
readonly zk_restarted=/run/stayput-restarted

zk_log_start=0

zk_start() {
  zk_require_mounts
  zk_refuse_foreign
  if zk_runs_as_configured && ! zk_is_to_restart; then
    log 'ZooKeeper runs already'
    return 0
  fi
  zk_stop
  # Before the launch: this command, run once more, must not stop what it has started.
  [[ $service != restart ]] || printf '%s\n' "$attempt" >"$zk_restarted"
  zk_launch
}

zk_runs_as_configured() {
  [[ -n $(zk_processes) && -n $(zk_processes_with "-Dstayput[.]configuration=$zk_digest") ]]
}

# Whether the server is started anew although it runs as configured: once an attempt, and only while it has no role. One
# that has found its role since it was looked at is part of the quorum, and another member may leave because of that.
zk_is_to_restart() {
  [[ $service == restart && $(cat "$zk_restarted" 2>/dev/null) != "$attempt" ]] && ! zk_look
}

# A mount that was taken away lazily is there for those who have its files open, and for nobody else. Such a server goes on
# until it opens its next file, on the machine's own disk. And as long as it runs, the file system is in use, and can't be
# checked before it is mounted again.
zk_stop_without_mounts() {
  local place
  [[ -n $(zk_processes) ]] || return 0
  for place in "${mounts[@]}"; do
    zk_is_mounted "$place" && continue
    log "$place is not mounted any more, and ZooKeeper still runs from it: stopped"
    zk_stop
    return 0
  done
}

# The package may have brought a unit of its own; it would start a server with the user's configuration.
zk_refuse_foreign() {
  local pid ours=''
  if has_systemd && [[ -n $(systemctl list-unit-files --no-legend zookeeper.service 2>/dev/null) ]]; then
    systemctl disable --now --quiet zookeeper.service >&2 || true
  fi
  for pid in $(zk_processes_with "${zk_main//./[.]}"); do
    ours=${ours:-" $(zk_processes | tr '\n' ' ') "}
    [[ $ours == *" $pid "* ]] || zk_refuse "another ZooKeeper runs on this host, as process $pid"
  done
}

zk_launch() {
  [[ -d ${zk_log%/*} ]] || mkdir -p "${zk_log%/*}"
  if [[ -f $zk_log ]] && (($(stat -c %s "$zk_log") > zk_log_limit_bytes)); then
    mv -f "$zk_log" "$zk_log.1"
  fi
  : >>"$zk_log"
  chown "$zk_user:" "$zk_log"
  chmod 640 "$zk_log"
  zk_make_room
  zk_log_start=$(stat -c %s "$zk_log")
  if has_systemd; then
    systemctl enable --quiet "$zk_unit" >&2
    systemctl reset-failed "$zk_unit" >&2 || true
    systemctl start "$zk_unit" >&2 || zk_refuse "systemd could not start $zk_unit"
  else
    zk_detach
  fi
}

# Starts the server as a process that outlives this command and holds nothing of it: neither the host's lock, nor the
# pipes on whose end Run Command waits, nor the parameters in its environment.
zk_detach() {
  (
    local descriptor
    for descriptor in /proc/"$BASHPID"/fd/*; do
      descriptor=${descriptor##*/}
      ((descriptor <= 2)) || exec {descriptor}>&-
    done
    cd /
    exec env -i "PATH=$PATH" LC_ALL=C setsid setpriv --reuid "$zk_user_id" \
      --regid "$zk_group_id" --init-groups bash "$zk_launcher" "$zk_config"
  ) </dev/null >/dev/null 2>&1 &
}
