# Where the server keeps its data, and what it is started with.

readonly zk_log=/var/log/stayput/zookeeper.log
readonly zk_main=org.apache.zookeeper.server.quorum.QuorumPeerMain
readonly zk_command_line=org.apache.zookeeper.ZooKeeperMain

zk_data='' zk_transactions='' zk_digest='' zk_authority='' zk_listener=''
# The one or two of them.
zk_places=()

zk_configure() {
  local settings
  zk_find
  zk_read_settings "$zk_user_config"
  zk_read_flags
  zk_choose_directories
  zk_require_mounts
  zk_write_id
  zk_own_directories
  zk_keep_port
  zk_permit_first_vote
  zk_write_first_list
  zk_listener=$(zk_server "$member" "$address" observer)
  zk_authority=$(zk_super_digest)
  settings=$(zk_settings)
  zk_digest=$(printf '%s' "$zk_home $settings $zk_authority" | sha256sum)
  zk_digest=${zk_digest:0:16}
  # It may hold the passwords of key stores.
  printf '%s\n' "$settings" | zk_write "$zk_config" 640 || true
  chgrp "$zk_group_id" "$zk_config"
  zk_launcher_text | zk_write "$zk_launcher" 755 || true
  has_systemd || return 0
  ! zk_unit_text | zk_write "$zk_unit_file" 644 || systemctl daemon-reload
}

# Of two volumes, the one whose mount is named after logs takes the transaction log.
zk_choose_directories() {
  local mount data=() logs=()
  for mount in "${mounts[@]}"; do
    if ((${#mounts[@]} > 1)) && [[ ${mount##*/} == *log* ]]; then logs+=("$mount"); else data+=("$mount"); fi
  done
  ((${#data[@]} == 1 && ${#logs[@]} <= 1)) ||
    zk_refuse "ZooKeeper takes one volume, or two of which one is mounted at a path that ends in a name with log: ${mounts[*]}"
  zk_data=${data[0]}
  zk_transactions=${logs[0]:-${data[0]}}
  zk_places=("${data[0]}" ${logs[@]+"${logs[@]}"})
}

# The fifth field of a line of mountinfo is where it is mounted. The kernel hands the list out piece by piece, and what
# is mounted or unmounted elsewhere meanwhile can make it skip a line, so a line is missing only if it is missing three times.
zk_is_mounted() {
  local place
  for _ in 1 2 3; do
    while read -r _ _ _ _ place _; do
      [[ $place != "$1" ]] || return 0
    done <<<"$(cat /proc/self/mountinfo)"
  done
  return 1
}

# With the volume not mounted, ZooKeeper would write to the machine's own disk, and lose that with the machine.
zk_require_mounts() {
  local place
  for place in "${zk_places[@]}"; do
    zk_is_mounted "$place" || zk_refuse "$place is not mounted, and ZooKeeper runs from its volume only"
  done
}

# The id on the volume must be this member's: a volume in the wrong place would vote under another name.
zk_write_id() {
  local file=$zk_data/myid id=''
  [[ ! -s $file ]] || read -r id <"$file" || true
  [[ $id != "$member" ]] || return 0
  # An empty file is what a power cut leaves of an id that was not synced.
  [[ -z $id ]] || zk_refuse "$file says $(json_text "${id:0:20}"), and this is member $member"
  printf '%s\n' "$member" | write_durably "$file"
}

zk_own_directories() {
  local place
  for place in "${zk_places[@]}"; do
    [[ -d $place/version-2 ]] || mkdir "$place/version-2"
    chown "$zk_user:" "$place"
    # User ids differ between images, and the files come from another machine.
    chown -R "$zk_user:" "$place/version-2"
  done
}

# Writes standard input to FILE if that changes it, and says whether it did. Usage: FILE MODE.
zk_write() {
  local text
  IFS= read -r -d '' text || true
  [[ ! -f $1 || $(<"$1")$'\n' != "$text" ]] || return 1
  [[ -d ${1%/*} ]] || mkdir -p "${1%/*}"
  printf '%s' "$text" | write_durably "$1" "$2"
}

# The launcher, which runs as the service's user, in the foreground. Values are quoted, and functions carry no values.
zk_launcher_text() {
  local name
  printf '#!/usr/bin/env bash\n# Written by Stayput. Runs ZooKeeper as member %s of %s.\n' "$member" "$ensemble"
  for name in tombstone zk_layout zk_home zk_data zk_transactions zk_log \
    zk_main zk_purger zk_command_line zk_digest zk_authority zk_listener member; do
    printf '%s=%q\n' "$name" "${!name}"
  done
  declare -f zk_is_mounted zk_find_list zk_compose zk_run
  printf 'zk_run "$@"\n'
}

# Becomes the server; or with the words `purge NUMBER` the purge that keeps so many snapshots, or with `client
# ADDRESS:PORT` the command line for it. The last gate: it is passed at every start, at boot and after a crash as well.
zk_run() {
  local place
  [[ ${1-} == client ]] || exec </dev/null >>"$zk_log" 2>&1
  [[ ! -e $tombstone ]] || { echo 'this host has handed over'; exit 1; }
  for place in "$zk_data" "$zk_transactions"; do
    zk_is_mounted "$place" || { echo "$place is not mounted"; exit 1; }
  done
  cd /
  JAVA=java CLASSPATH='' JVMFLAGS='' SERVER_JVMFLAGS='' JAVA_OPTS=''
  if [[ $zk_layout == debian ]]; then
    # shellcheck disable=SC1091
    . /etc/zookeeper/conf/environment
    # Debian's class path has no logger at all, so the server would say nothing, not even why it ends.
    if [[ $CLASSPATH != *slf4j-* ]]; then
      CLASSPATH+=:/usr/share/java/slf4j-simple.jar
      # Nor does that logger tell the time unless it is told to.
      JAVA_OPTS+=" -Dorg.slf4j.simpleLogger.showDateTime=true"
      JAVA_OPTS+=" -Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ"
    fi
  else
    # shellcheck disable=SC2034
    ZOOBINDIR=$zk_home/bin ZOOCFGDIR=$zk_home/conf
    # shellcheck disable=SC1091
    . "$zk_home/bin/zkEnv.sh"
  fi
  if [[ ${1-} == purge ]]; then
    # shellcheck disable=SC2086
    exec "$JAVA" $JAVA_OPTS -Xmx256m -Dzookeeper.datadir.autocreate=false -cp "$CLASSPATH" "$zk_purger" \
      "$zk_transactions" "$zk_data" -n "$2"
  fi
  if [[ ${1-} == client ]]; then
    # shellcheck disable=SC2086
    exec "$JAVA" $JAVA_OPTS -Xmx64m -cp "$CLASSPATH" "$zk_command_line" -waitforconnection -server "$2"
  fi
  zk_compose "$1" || exit 1
  # Of a flag given twice Java takes the last, so ours come after the user's, which are words and not quoted.
  # shellcheck disable=SC2086
  exec "$JAVA" $SERVER_JVMFLAGS $JVMFLAGS $JAVA_OPTS -XX:+ExitOnOutOfMemoryError \
    "-Dzookeeper.log.dir=${zk_log%/*}" -Dzookeeper.db.autocreate=false -Dzookeeper.datadir.autocreate=false \
    "-Dzookeeper.DigestAuthenticationProvider.superDigest=$zk_authority" \
    "-Dstayput.configuration=$zk_digest" -cp "$CLASSPATH" "$zk_main" "$zk_data/configuration/zoo.cfg"
}

zk_unit_text() {
  cat <<UNIT
[Unit]
Description=ZooKeeper as member $member of $ensemble
After=network-online.target stayput-routes.service
Wants=network-online.target
RequiresMountsFor=$zk_data $zk_transactions
ConditionPathIsMountPoint=$zk_data
ConditionPathIsMountPoint=$zk_transactions
ConditionPathExists=!$tombstone
StartLimitIntervalSec=600
StartLimitBurst=20

[Service]
User=$zk_user
ExecStart=/bin/bash $zk_launcher $zk_config
Restart=on-failure
RestartSec=3
SuccessExitStatus=143
TimeoutStopSec=$zk_stop_seconds
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
UNIT
}
