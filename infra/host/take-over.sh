# Take over: this host becomes the member. Whatever is already so stays as it is, so a second run on a healthy host
# changes and restarts nothing: it is the verification.

# Where the routes' part tells why it has failed.
readonly aside=/run/stayput-told

claim_member() {
  refuse_other_member
  [[ -e $member_file ]] || printf '%s %s\n' "$ensemble" "$member" | write_durably "$member_file"
}

volumes_facts() {
  local index separator=''
  for index in "${!volume_ids[@]}"; do
    printf '%s{"volume":%s,"mount":%s,"formatted":%s}' "$separator" "$(json_text "${volume_ids[index]}")" \
      "$(json_text "${mounts[index]}")" "${formatted[index]:-false}"
    separator=,
  done
}

# The routes and the volumes need nothing of each other, and each may have to wait for its device: side by side. What the
# routes tell of a failure is kept, because a document tells one thing.
begin_routes() {
  routes_apply >"$aside" &
  companion=$!
}

# Nobody is asked anything, and no server is started, before the routes are proved: a peer that serves must not seem absent.
end_routes() {
  local code=0
  wait "$companion" || code=$?
  companion=''
  ((code)) || return 0
  [[ ! -s $aside ]] || told=yes
  cat "$aside"
  exit "$code"
}

take_over() {
  read_member
  read_ensemble
  refuse_when_late "$not_after"
  mkdir -p "$state_directory"
  take_host_lock
  refuse_when_handed_over
  refuse_when_late "$not_after"
  claim_member
  begin_routes
  zk_stop_without_mounts
  volumes_mount
  end_routes
  zk_configure
  zk_start
  zk_ready
  # The service may have waited for a quorum for a minute: what was so before it is proved again.
  routes_check || fail 21 routes-failed "${routes_because:-the routes do not hold}"
  volumes_check || fail 32 mount-failed "${volume_because:-the volumes are not as mounted}"
  # An election among the others may fall between two looks.
  wait_until 10 0.2 zk_look || fail 41 no-quorum 'ZooKeeper had a role in its ensemble, and lost it at once'
  printf '{"attempt":%s,"member":%s,"address":%s,"routes":"verified","volumes":[%s],"service":%s}\n' \
    "$(json_text "$attempt")" "$member" "$(json_text "$address")" "$(volumes_facts)" "$(zk_status)"
}

take_over
