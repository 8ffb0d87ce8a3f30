# The end of the server.

readonly zk_stop_seconds=20

# A process whose first thread is a zombie may have others that still hold files of the volume.
zk_is_gone() {
  local pid threads
  for pid in "$@"; do
    [[ -e /proc/$pid ]] || continue
    threads=(/proc/"$pid"/task/*)
    ((${#threads[@]} == 1)) && grep -qs '^State:[[:space:]]*Z' "/proc/$pid/status" && continue
    [[ ! -e /proc/$pid ]] || return 1
  done
}

# Stops the server and proves that nothing of it is left.
zk_stop() {
  local pids=()
  if has_systemd && [[ -e $zk_unit_file ]]; then
    systemctl disable --now --quiet "$zk_unit" >&2 || true
  fi
  mapfile -t pids < <(zk_processes)
  ((${#pids[@]} > 0)) || return 0
  kill -TERM "${pids[@]}" 2>/dev/null || true
  # As systemd does: a process that somebody has stopped hears nothing else.
  kill -CONT "${pids[@]}" 2>/dev/null || true
  wait_until "$zk_stop_seconds" 0.05 zk_is_gone "${pids[@]}" && return 0
  log 'ZooKeeper does not stop by itself'
  kill -KILL "${pids[@]}" 2>/dev/null || true
  wait_until 10 0.05 zk_is_gone "${pids[@]}" || zk_refuse "processes of ZooKeeper stay: ${pids[*]}"
}
