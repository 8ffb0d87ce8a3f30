# Where the server keeps its data, and what it is started with.

readonly zookeeper_log=/var/log/stayput/zookeeper.log
readonly zookeeper_main=org.apache.zookeeper.server.quorum.QuorumPeerMain
readonly zookeeper_command_line=org.apache.zookeeper.ZooKeeperMain

zookeeper_data='' zookeeper_transactions='' zookeeper_digest='' zookeeper_authority='' zookeeper_listener=''
# The one or two of them.
zookeeper_places=()

zookeeper_configure() {
  local settings
  zookeeper_find
  zookeeper_read_settings "$zookeeper_user_config"
  zookeeper_read_flags
  zookeeper_choose_directories
  zookeeper_require_mounts
  zookeeper_write_id
  zookeeper_own_directories
  zookeeper_keep_port
  zookeeper_permit_first_vote
  zookeeper_write_first_list
  zookeeper_listener=$(zookeeper_server "$member" "$address" observer)
  zookeeper_authority=$(zookeeper_super_digest)
  settings=$(zookeeper_settings)
  zookeeper_digest=$(printf '%s' "$zookeeper_home $settings $zookeeper_authority" | sha256sum)
  zookeeper_digest=${zookeeper_digest:0:16}
  # It may hold the passwords of key stores.
  printf '%s\n' "$settings" | zookeeper_write "$zookeeper_config" 640 || true
  chgrp "$zookeeper_group_id" "$zookeeper_config"
  zookeeper_launcher_text | zookeeper_write "$zookeeper_launcher" 755 || true
  has_systemd || return 0
  ! zookeeper_unit_text | zookeeper_write "$zookeeper_unit_file" 644 || systemctl daemon-reload
}

# Of two volumes, the one whose mount is named after logs takes the transaction log.
zookeeper_choose_directories() {
  local mount data=() logs=()
  for mount in "${mounts[@]}"; do
    if ((${#mounts[@]} > 1)) && [[ ${mount##*/} == *log* ]]; then logs+=("$mount"); else data+=("$mount"); fi
  done
  ((${#data[@]} == 1 && ${#logs[@]} <= 1)) ||
    zookeeper_refuse "ZooKeeper takes one volume, or two of which one is mounted at a path that ends in a name with log: ${mounts[*]}"
  zookeeper_data=${data[0]}
  zookeeper_transactions=${logs[0]:-${data[0]}}
  zookeeper_places=("${data[0]}" ${logs[@]+"${logs[@]}"})
}

# The fifth field of a line of mountinfo is where it is mounted. The kernel hands the list out piece by piece, and what
# is mounted or unmounted elsewhere meanwhile can make it skip a line, so a line is missing only if it is missing three times.
zookeeper_is_mounted() {
  local place
  for _ in 1 2 3; do
    while read -r _ _ _ _ place _; do
      [[ $place != "$1" ]] || return 0
    done <<<"$(cat /proc/self/mountinfo)"
  done
  return 1
}

# With the volume not mounted, ZooKeeper would write to the machine's own disk, and lose that with the machine.
zookeeper_require_mounts() {
  local place
  for place in "${zookeeper_places[@]}"; do
    zookeeper_is_mounted "$place" || zookeeper_refuse "$place is not mounted, and ZooKeeper runs from its volume only"
  done
}

# The id on the volume must be this member's: a volume in the wrong place would vote under another name.
zookeeper_write_id() {
  local file=$zookeeper_data/myid id=''
  [[ ! -s $file ]] || read -r id <"$file" || true
  [[ $id != "$member" ]] || return 0
  # An empty file is what a power cut leaves of an id that was not synced.
  [[ -z $id ]] || zookeeper_refuse "$file says $(json_text "${id:0:20}"), and this is member $member"
  printf '%s\n' "$member" | write_durably "$file"
}

zookeeper_own_directories() {
  local place
  for place in "${zookeeper_places[@]}"; do
    [[ -d $place/version-2 ]] || mkdir "$place/version-2"
    chown "$zookeeper_user:" "$place"
    # User ids differ between images, and the files come from another machine.
    chown -R "$zookeeper_user:" "$place/version-2"
  done
}

# Writes standard input to FILE if that changes it, and says whether it did. Usage: FILE MODE.
zookeeper_write() {
  local text
  IFS= read -r -d '' text || true
  [[ ! -f $1 || $(<"$1")$'\n' != "$text" ]] || return 1
  [[ -d ${1%/*} ]] || mkdir -p "${1%/*}"
  printf '%s' "$text" | write_durably "$1" "$2"
}

# The launcher, which runs as the service's user, in the foreground. Values are quoted, and functions carry no values.
zookeeper_launcher_text() {
  local name
  printf '#!/usr/bin/env bash\n# Written by Stayput. Runs ZooKeeper as member %s of %s.\n' "$member" "$ensemble"
  for name in tombstone zookeeper_layout zookeeper_home zookeeper_data zookeeper_transactions zookeeper_log \
    zookeeper_main zookeeper_purger zookeeper_command_line zookeeper_digest zookeeper_authority zookeeper_listener member; do
    printf '%s=%q\n' "$name" "${!name}"
  done
  declare -f zookeeper_is_mounted zookeeper_find_list zookeeper_compose zookeeper_run
  printf 'zookeeper_run "$@"\n'
}

# Becomes the server; or with the words `purge NUMBER` the purge that keeps so many snapshots, or with `client
# ADDRESS:PORT` the command line for it. The last gate: it is passed at every start, at boot and after a crash as well.
zookeeper_run() {
  local place
  [[ ${1-} == client ]] || exec </dev/null >>"$zookeeper_log" 2>&1
  [[ ! -e $tombstone ]] || { echo 'this host has handed over'; exit 1; }
  for place in "$zookeeper_data" "$zookeeper_transactions"; do
    zookeeper_is_mounted "$place" || { echo "$place is not mounted"; exit 1; }
  done
  cd /
  JAVA=java CLASSPATH='' JVMFLAGS='' SERVER_JVMFLAGS='' JAVA_OPTS=''
  if [[ $zookeeper_layout == debian ]]; then
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
    ZOOBINDIR=$zookeeper_home/bin ZOOCFGDIR=$zookeeper_home/conf
    # shellcheck disable=SC1091
    . "$zookeeper_home/bin/zkEnv.sh"
  fi
  if [[ ${1-} == purge ]]; then
    # shellcheck disable=SC2086
    exec "$JAVA" $JAVA_OPTS -Xmx256m -Dzookeeper.datadir.autocreate=false -cp "$CLASSPATH" "$zookeeper_purger" \
      "$zookeeper_transactions" "$zookeeper_data" -n "$2"
  fi
  if [[ ${1-} == client ]]; then
    # shellcheck disable=SC2086
    exec "$JAVA" $JAVA_OPTS -Xmx64m -cp "$CLASSPATH" "$zookeeper_command_line" -waitforconnection -server "$2"
  fi
  zookeeper_compose "$1" || exit 1
  # Of a flag given twice Java takes the last, so ours come after the user's, which are words and not quoted.
  # shellcheck disable=SC2086
  exec "$JAVA" $SERVER_JVMFLAGS $JVMFLAGS $JAVA_OPTS -XX:+ExitOnOutOfMemoryError \
    "-Dzookeeper.log.dir=${zookeeper_log%/*}" -Dzookeeper.db.autocreate=false -Dzookeeper.datadir.autocreate=false \
    "-Dzookeeper.DigestAuthenticationProvider.superDigest=$zookeeper_authority" \
    "-Dstayput.configuration=$zookeeper_digest" -cp "$CLASSPATH" "$zookeeper_main" "$zookeeper_data/configuration/zoo.cfg"
}

zookeeper_unit_text() {
  cat <<UNIT
[Unit]
Description=ZooKeeper as member $member of $ensemble
After=network-online.target stayput-routes.service
Wants=network-online.target
RequiresMountsFor=$zookeeper_data $zookeeper_transactions
ConditionPathIsMountPoint=$zookeeper_data
ConditionPathIsMountPoint=$zookeeper_transactions
ConditionPathExists=!$tombstone
StartLimitIntervalSec=600
StartLimitBurst=20

[Service]
User=$zookeeper_user
ExecStart=/bin/bash $zookeeper_launcher $zookeeper_config
Restart=on-failure
RestartSec=3
SuccessExitStatus=143
TimeoutStopSec=$zookeeper_stop_seconds
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
UNIT
}
