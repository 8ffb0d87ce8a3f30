# The first vote of a member without data.

readonly zk_election_seconds=6

# A snapshot of no bytes is what a power cut leaves of the first one, which ZooKeeper does not sync: it holds nothing.
zk_has_data() {
  local file
  for file in "$zk_data"/version-2/snapshot.* "$zk_transactions"/version-2/log.*; do
    [[ ! -s $file ]] || return 0
  done
  return 1
}

# Whether anything shows that a server has been a member from this volume, be its data gone or set aside.
zk_was_used() {
  local file epoch
  zk_has_data && return 0
  for file in "$zk_data"/version-2.corrupt.*; do
    [[ ! -e $file ]] || return 0
  done
  file=$zk_data/version-2/acceptedEpoch
  [[ -s $file ]] || return 1
  epoch=$(head -c 20 "$file")
  [[ $epoch != 0 && $epoch != -1 ]]
}

# ZooKeeper looks for `initialize` beside the transaction log, not beside the snapshots, and deletes it when it starts.
# It must not outlive the first start: with data set aside or lost later, it would let an empty disk vote.
zk_permit_first_vote() {
  local marker=$zk_transactions/initialize
  if zk_may_begin; then
    [[ ! -e $marker ]] || return 0
    # A server that started without the file is not going to look for it again, and has written epoch -1, which it
    # would not load together with the zxid 0 of a beginning.
    [[ -z $(zk_processes) ]] || zk_stop
    rm -f "$zk_data"/version-2/{currentEpoch,acceptedEpoch}
    : | write_durably "$marker"
    chown "$zk_user:" "$marker"
  elif [[ -e $marker ]]; then
    rm -f "$marker"
    sync "$zk_transactions"
  fi
  # Alone there is nobody to learn from, and a single server does not hold a vote that could be withheld.
  ((${#peers[@]} > 1)) || zk_has_data || [[ -e $marker ]] ||
    zk_refuse 'the only member has no data, and may not begin anew'
}

# The orchestrator permits it only while no member has ever had data; a peer that serves proves that some member has.
# One that runs but does not serve may wait for us, or be in the middle of an election; one that has not answered in
# time may be busy, or not be there yet. Both are asked again for longer than an election takes.
zk_may_begin() {
  local end=$((SECONDS + zk_election_seconds)) modes
  [[ $bootstrap == permitted ]] || return 1
  ! zk_was_used || return 1
  while :; do
    modes=$(zk_peer_modes | tr '\n' ' ')
    [[ ! $modes =~ =(leader|follower|standalone) ]] || return 1
    if [[ -z $modes ]] || ((SECONDS >= end)); then break; fi
    sleep 0.2
  done
  log "No member has had data: this one may vote without. The others: ${modes:-not there}"
}
