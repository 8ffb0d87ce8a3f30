# Hand over: this host gives the member back, for good. It is safe to repeat, and to run where nothing was taken over.

# A take-over that is under way is let end first: it may be in the middle of a mount. Usage: wait_for_host_lock SECONDS.
wait_for_host_lock() {
  exec 9>"$lock_file"
  flock --wait "$1" 9 || fail 12 busy 'another take-over or hand-over is still at work on this host'
}

# The tombstone comes before everything else: should the rest fail or be cut short, no late take-over, no unit at boot
# and no restart may start the service again.
leave_tombstone() {
  [[ ! -e $tombstone ]] || return 0
  printf '%s %s\n' "$attempt" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" | write_durably "$tombstone"
}

unmounted_facts() {
  local id separator=''
  for id in "${volume_ids[@]}"; do
    printf '%s%s' "$separator" "$(json_text "$id")"
    separator=,
  done
}

hand_over() {
  read_member
  refuse_when_late "$not_after"
  mkdir -p "$state_directory"
  wait_for_host_lock 60
  # The wait may have been long.
  refuse_when_late "$not_after"
  refuse_other_member
  leave_tombstone
  zk_stop
  sync
  volumes_unmount
  routes_remove
  printf '{"attempt":%s,"service":"stopped","unmounted":[%s],"routes":"removed","tombstone":true}\n' \
    "$(json_text "$attempt")" "$(unmounted_facts)"
}

hand_over
