# Who votes: a list that ZooKeeper itself keeps and changes, by its dynamic reconfiguration.
#
# A list that each host was told would be one of many: with three servers that count to three and two more that count to
# five, one replacement is enough for two quorums at once, and for acknowledged writes to be lost. So the orchestrator's
# list is used once, where there is none on the member's volume, and from then on it is ZooKeeper's:
#   * it is on the volume, in the folder `configuration`, because it is part of what the member has acknowledged: a
#     change is in force when a majority of the old list and one of the new list have it on disk;
#   * the version of the first list is 0, which every list that a quorum has agreed upon comes before. Who joins with it
#     has no vote: it has no data (zookeeper.db.autocreate=false), and learns the others' list together with theirs;
#   * ZooKeeper writes each further list as <its configuration file>.dynamic.<version>, by rename, and one that is still
#     to be agreed upon as .dynamic.next, which it looks for at its start by itself. The configuration file that it
#     starts with is written beside them, at every start, from the settings and the newest list.

zk_list='' zk_list_version=0

# Finds the newest list on the volume, and its version.
zk_find_list() {
  local file newest=-1
  zk_list='' zk_list_version=0
  for file in "$zk_data"/configuration/zoo.cfg.dynamic.*; do
    [[ -s $file && ${file##*/} =~ ^zoo\.cfg\.dynamic\.([0-9a-f]{1,15}|[0-7][0-9a-f]{15})$ ]] || continue
    ((16#${BASH_REMATCH[1]} > newest)) || continue
    newest=$((16#${BASH_REMATCH[1]})) zk_list=$file
  done
  ((newest < 0)) || zk_list_version=$newest
  [[ -n $zk_list ]]
}

# The port for clients is in the list as well, so that the user's setting counts until there is one.
zk_keep_port() {
  local line
  zk_find_list || return 0
  while IFS= read -r line || [[ -n $line ]]; do
    [[ $line =~ ^server\.$member=.*:([0-9]+)$ && ${BASH_REMATCH[1]} != "$zk_client_port" ]] || continue
    log "clients are served at port ${BASH_REMATCH[1]}, as the ensemble has agreed, and not at $zk_client_port"
    zk_client_port=${BASH_REMATCH[1]}
  done <"$zk_list"
}

zk_write_first_list() {
  local peer directory=$zk_data/configuration
  mkdir -p "$directory"
  if ! zk_find_list; then
    for peer in "${peers[@]}"; do
      zk_server "${peer%%=*}" "${peer#*=}" participant
      printf '\n'
    done | write_durably "$directory/zoo.cfg.dynamic.0"
  fi
  chown -R "$zk_user:" "$directory"
  chmod 700 "$directory"
}

# Writes what the server starts with, as its own user: the launcher does it at every start. Usage: SETTINGS.
#
# A server that has no vote, because it is yet to be given one or has lost it, does not start with a list without itself.
# It starts as one that only listens, so that the votes in its list are those that were agreed upon; and with a version
# that is less by one, so that it takes the true list from whoever has it, and none that is older than that.
zk_compose() {
  local directory=$zk_data/configuration start
  zk_find_list || { echo "there is no list of servers in $directory"; return 1; }
  if ! grep -q "^server[.]$member=" "$zk_list"; then
    printf -v start '%s/zoo.cfg.start.%x' "$directory" $((zk_list_version > 0 ? zk_list_version - 1 : 0))
    printf '%s\n' "$(<"$zk_list")" "$zk_listener" >"$start" || return 1
    zk_list=$start
  fi
  # The settings may hold the passwords of key stores.
  (umask 077 && printf '%s\n' "$(<"$1")" "dynamicConfigFile=$zk_list" >"$directory/zoo.cfg.new") || return 1
  mv -f "$directory/zoo.cfg.new" "$directory/zoo.cfg"
}

# ---- who may change it

# A change of the list needs ZooKeeper's super user. Each host has a password of its own, which nobody but its root reads
# and which is good for its own server only; what the server is told is a hash of it.
zk_super_digest() {
  local password
  if [[ ! -s $zk_super ]]; then
    head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n' | write_durably "$zk_super" 600
  fi
  password=$(<"$zk_super")
  # From a pipe, never as an argument, which everybody on the host could read.
  printf 'super:%s' "$(printf '%b' "$(printf 'super:%s' "$password" | sha1sum | cut -c 1-40 | sed 's/../\\x&/g')" | base64)"
}
