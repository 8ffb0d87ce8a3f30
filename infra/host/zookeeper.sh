# ZooKeeper as the member's service: its configuration, its first vote, its start, readiness and stop.
#
# A server may vote from its own disk only. With ZooKeeper's defaults a server that comes back with an empty disk votes
# as if it had never acknowledged a write, and with its vote acknowledged writes are lost for good. So:
#   * zookeeper.db.autocreate=false on every server (ZOOKEEPER-261, since 3.6.0): an empty server follows a leader, but
#     its vote does not count;
#   * the file `initialize`, with which an empty server votes after all, is written only at the first bootstrap of the
#     whole ensemble, and only while no peer serves and nothing shows that this volume was ever used;
#   * the server starts only while its directories are mount points, and never beside a tombstone.
#
# What runs is asked of /proc, by the path of our configuration among a process's arguments: a file with a process id
# would be stale after a reboot, and on a volume it would travel to another machine.

readonly zookeeper_directory=/etc/stayput/zookeeper
readonly zookeeper_config="$zookeeper_directory/zoo.cfg"
readonly zookeeper_launcher="$library_directory/zookeeper-run"
readonly zookeeper_log=/var/log/stayput/zookeeper.log
readonly zookeeper_log_limit_bytes=33554432
readonly zookeeper_unit=stayput-zookeeper.service
readonly zookeeper_unit_file="/etc/systemd/system/$zookeeper_unit"
readonly zookeeper_user=zookeeper
readonly zookeeper_main=org.apache.zookeeper.server.quorum.QuorumPeerMain
readonly zookeeper_quorum_port=2888
readonly zookeeper_election_port=3888
# A restarted server may lead alone on a stale vote for initLimit x tickTime, 20 seconds by default, before it joins.
readonly zookeeper_ready_seconds=75
# Run Command ends a document after 120 seconds; a reason is worth more than that.
readonly zookeeper_last_second=112
readonly zookeeper_stop_seconds=20
# What is left of the 120 seconds must do for a restart; the orchestrator asks again.
readonly zookeeper_install_seconds=60
readonly zookeeper_election_seconds=6
readonly zookeeper_stall_seconds=3
readonly zookeeper_most_helps=2

zookeeper_layout='' zookeeper_home='' zookeeper_user_config='' zookeeper_data='' zookeeper_transactions=''
zookeeper_client_port=2181 zookeeper_whitelist='srvr,mntr,ruok' zookeeper_keys=' ' zookeeper_kept=()
zookeeper_digest='' zookeeper_log_start=0
zookeeper_role='' zookeeper_version='' zookeeper_alone_since='' zookeeper_helps=0 zookeeper_missing=0

zookeeper_refuse() {
  fail 40 service-failed "$1"
}

# --- the installation -------------------------------------------------------------------------------------------------

# A plain image installs ZooKeeper at its first boot, by cloud-init, and the agent may be online long before that is done.
zookeeper_is_coming() {
  [[ -d /run/cloud-init && ! -e /var/lib/cloud/instance/boot-finished ]]
}

zookeeper_candidates() {
  local candidate
  for candidate in /usr/share/java/zookeeper.jar /opt/zookeeper*/bin/zkServer.sh /usr/local/zookeeper*/bin/zkServer.sh \
    /opt/apache-zookeeper*/bin/zkServer.sh /usr/local/apache-zookeeper*/bin/zkServer.sh; do
    [[ ! -e $candidate ]] || printf '%s\n' "$candidate"
  done
}

zookeeper_is_decided() {
  [[ -n $(zookeeper_candidates) ]] || ! zookeeper_is_coming
}

# Debian's package, or one unpacked archive of Apache's. With two of them nobody could say which one is meant.
zookeeper_find() {
  local candidate home homes=' ' count=0
  wait_until "$zookeeper_install_seconds" 0.5 zookeeper_is_decided ||
    fail 12 busy 'cloud-init is still at work, and may be installing ZooKeeper'
  while read -r candidate; do
    [[ -n $candidate ]] || continue
    home=$(readlink -f "${candidate%/bin/zkServer.sh}")
    # One installation may have several names.
    [[ $homes != *" $home "* ]] || continue
    homes+="$home "
    count=$((count + 1))
  done <<<"$(zookeeper_candidates)"
  ((count == 1)) || zookeeper_refuse "there must be one ZooKeeper in /usr/share/java, /opt or /usr/local: found$homes"
  homes=${homes# }
  zookeeper_home=${homes% }
  if [[ $zookeeper_home == *.jar ]]; then
    zookeeper_layout=debian
    zookeeper_check_version /usr/share/java/zookeeper-[0-9]*.jar
    zookeeper_user_config=/etc/zookeeper/conf/zoo.cfg
  else
    zookeeper_layout=apache
    zookeeper_check_version "$zookeeper_home"/lib/zookeeper-[0-9]*.jar
    zookeeper_user_config=$zookeeper_home/conf/zoo.cfg
  fi
  id -u "$zookeeper_user" >/dev/null 2>&1 || zookeeper_refuse "there is no user $zookeeper_user to run ZooKeeper"
}

# The version is in the archive's name, in Debian's package too.
zookeeper_check_version() {
  [[ $# == 1 && $1 =~ zookeeper-([0-9]+)\.([0-9]+)\.([0-9]+)[^/]*\.jar$ ]] ||
    zookeeper_refuse "cannot tell the version of ZooKeeper from $*"
  local version="${BASH_REMATCH[1]}.${BASH_REMATCH[2]}.${BASH_REMATCH[3]}"
  ((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2] >= 3006)) ||
    zookeeper_refuse "ZooKeeper $version is too old: before 3.6.0 an empty disk cannot be kept from voting"
  [[ $version != 3.9.3 ]] || zookeeper_refuse 'ZooKeeper 3.9.3 loses data (ZOOKEEPER-4925): use 3.9.4 or later'
}

# --- the user's settings ----------------------------------------------------------------------------------------------

# What would break a promise if the user's value stood; the user's file is read but never written.
zookeeper_owns() {
  case $1 in
    dataDir | dataLogDir | server.* | dynamicConfigFile | reconfigEnabled | standaloneEnabled) return 0 ;;
    quorumListenOnAllIPs | peerType | 4lw.commands.whitelist | db.autocreate | datadir.autocreate) return 0 ;;
    *) return 1 ;;
  esac
}

# Settings under which an acknowledged write may be lost, or readiness cannot be seen. Usage: WHERE KEY VALUE.
zookeeper_refuse_setting() {
  # ZooKeeper makes system properties of what it does not know, and accepts their full names as well.
  local setting="${2#zookeeper.}=$3"
  case ${setting,,} in
    snapshot.trust.empty=true | forcesync=no | db.autocreate=true | leaderserves=no)
      zookeeper_refuse "$1 sets $setting: a member must not run with it" ;;
  esac
}

# Reads a file of settings into zookeeper_kept. It is in the form of Java's properties; the escapes and continued lines
# of that form are refused rather than understood almost right.
zookeeper_read_settings() {
  local file=$1 line number=0 key value
  [[ -f $file ]] || return 0
  while IFS= read -r line || [[ -n $line ]]; do
    number=$((number + 1))
    line=${line%$'\r'}
    [[ ! $line =~ ^[[:space:]]*([#!].*)?$ ]] || continue
    [[ $line != *\\* ]] || zookeeper_refuse "$file:$number has a backslash, which is not supported"
    [[ $line =~ ^[[:space:]]*([^[:space:]=:]+)[[:space:]]*[=:]?[[:space:]]*(.*)$ ]] || continue
    key=${BASH_REMATCH[1]}
    value=${BASH_REMATCH[2]%"${BASH_REMATCH[2]##*[![:space:]]}"}
    zookeeper_refuse_setting "$file:$number" "$key" "$value"
    if [[ $key == 4lw.commands.whitelist ]]; then
      zookeeper_whitelist="srvr,mntr,ruok,$value"
    elif ! zookeeper_owns "${key#zookeeper.}"; then
      [[ $key != clientPort ]] || zookeeper_client_port=$value
      zookeeper_kept+=("$key=$value")
      zookeeper_keys+="$key "
    fi
  done <"$file"
}

# The same refusals for the flags of the Java machine, in the files where each layout has them.
zookeeper_read_flags() {
  local file line number pattern='-D(zookeeper\.[A-Za-z.]+)=([^[:space:]"'\'']*)(.*)'
  for file in "${zookeeper_user_config%/*}"/{environment,java.env,zookeeper-env.sh}; do
    [[ -f $file ]] || continue
    number=0
    while IFS= read -r line || [[ -n $line ]]; do
      number=$((number + 1))
      [[ ! $line =~ ^[[:space:]]*# ]] || continue
      while [[ $line =~ $pattern ]]; do
        line=${BASH_REMATCH[3]}
        zookeeper_refuse_setting "$file:$number" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
      done
    done <"$file"
  done
}

# A setting unless the user has it.
zookeeper_default() {
  [[ $zookeeper_keys == *" ${1%%=*} "* ]] || printf '%s\n' "$1"
}

zookeeper_settings() {
  local peer
  printf '# Written by Stayput from %s, whose settings are kept where they may be. Do not edit.\n' "$zookeeper_user_config"
  ((${#zookeeper_kept[@]} == 0)) || printf '%s\n' "${zookeeper_kept[@]}"
  zookeeper_default tickTime=2000
  zookeeper_default initLimit=10
  zookeeper_default syncLimit=5
  zookeeper_default "clientPort=$zookeeper_client_port"
  zookeeper_default admin.enableServer=false
  # ZooKeeper's own default never removes a snapshot, until the volume is full.
  zookeeper_default autopurge.purgeInterval=1
  zookeeper_default autopurge.snapRetainCount=3
  printf '%s\n' "dataDir=$zookeeper_data" "dataLogDir=$zookeeper_transactions" quorumListenOnAllIPs=false \
    reconfigEnabled=false db.autocreate=false datadir.autocreate=false "4lw.commands.whitelist=$zookeeper_whitelist"
  for peer in "${peers[@]}"; do
    printf 'server.%s=%s:%s:%s\n' "${peer%%=*}" "${peer#*=}" "$zookeeper_quorum_port" "$zookeeper_election_port"
  done
}

# --- the directories --------------------------------------------------------------------------------------------------

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
  for place in "$zookeeper_data" "$zookeeper_transactions"; do
    zookeeper_is_mounted "$place" || zookeeper_refuse "$place is not mounted, and ZooKeeper runs from its volume only"
  done
}

# A snapshot of no bytes is what a power cut leaves of the first one, which ZooKeeper does not sync: it holds nothing.
zookeeper_has_data() {
  local file
  for file in "$zookeeper_data"/version-2/snapshot.* "$zookeeper_transactions"/version-2/log.*; do
    [[ ! -s $file ]] || return 0
  done
  return 1
}

# Whether anything shows that a server has been a member from this volume, be its data gone or set aside.
zookeeper_was_used() {
  local file epoch
  zookeeper_has_data && return 0
  for file in "$zookeeper_data"/version-2.corrupt.*; do
    [[ ! -e $file ]] || return 0
  done
  file=$zookeeper_data/version-2/acceptedEpoch
  [[ -s $file ]] || return 1
  epoch=$(head -c 20 "$file")
  [[ $epoch != 0 && $epoch != -1 ]]
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
  for place in "$zookeeper_data" "$zookeeper_transactions"; do
    mkdir -p "$place/version-2"
    chown "$zookeeper_user:" "$place"
    # User ids differ between images, and the files come from another machine.
    chown -R "$zookeeper_user:" "$place/version-2"
  done
}

# --- the first vote ---------------------------------------------------------------------------------------------------

# ZooKeeper looks for `initialize` beside the transaction log, not beside the snapshots, and deletes it when it starts.
# It must not outlive the first start: with data set aside or lost later, it would let an empty disk vote.
zookeeper_permit_first_vote() {
  local marker=$zookeeper_transactions/initialize
  if zookeeper_may_begin; then
    [[ ! -e $marker ]] || return 0
    # A server that started without the file is not going to look for it again, and has written epoch -1, which it
    # would not load together with the zxid 0 of a beginning.
    [[ -z $(zookeeper_processes) ]] || zookeeper_stop
    rm -f "$zookeeper_data"/version-2/{currentEpoch,acceptedEpoch}
    : | write_durably "$marker"
    chown "$zookeeper_user:" "$marker"
  elif [[ -e $marker ]]; then
    rm -f "$marker"
    sync "$zookeeper_transactions"
  fi
  # Alone there is nobody to learn from, and a single server does not hold a vote that could be withheld.
  ((${#peers[@]} > 1)) || zookeeper_has_data || [[ -e $marker ]] ||
    zookeeper_refuse 'the only member has no data, and may not begin anew'
}

# The orchestrator permits it only while no member has ever had data; a peer that serves proves that some member has.
# One that runs but does not serve may wait for us, or be in the middle of an election; one that has not answered in
# time may be busy, or not be there yet. Both are asked again for longer than an election takes.
zookeeper_may_begin() {
  local end=$((SECONDS + zookeeper_election_seconds)) modes
  [[ $bootstrap == permitted ]] || return 1
  ! zookeeper_was_used || return 1
  while :; do
    modes=$(zookeeper_peer_modes | tr '\n' ' ')
    [[ ! $modes =~ =(leader|follower|standalone) ]] || return 1
    if [[ -z $modes ]] || ((SECONDS >= end)); then break; fi
    sleep 0.2
  done
  log "No member has had data: this one may vote without. The others: ${modes:-not there}"
}

# --- questions to servers ---------------------------------------------------------------------------------------------

# Whether something listens on PORT of this host. Starts no process: it is asked many times a second, while the server
# that it is asked of needs the processor to start.
zookeeper_listens() {
  local port lines more=('')
  printf -v port '%04X' "$1"
  mapfile -t lines </proc/self/net/tcp
  [[ ! -e /proc/self/net/tcp6 ]] || mapfile -t more </proc/self/net/tcp6
  [[ "${lines[*]} ${more[*]}" =~ :\ [0-9A-F]+:$port\ [0-9A-F]+:0000\ 0A\  ]]
}

# Usage: zookeeper_ask ADDRESS COMMAND. Prints the answer, which may be none. Returns 124 if that took too long.
zookeeper_ask() {
  # shellcheck disable=SC2016 # The inner shell expands its own arguments.
  timeout 1 bash -c 'exec 3<>"/dev/tcp/$1/$2"; printf %s "$3" >&3; IFS= read -r -d "" answer <&3; printf %s "$answer"' \
    ask "$1" "$zookeeper_client_port" "$2" 2>/dev/null
}

zookeeper_peer_mode() {
  local answer code=0 mode=none
  answer=$(zookeeper_ask "${1#*=}" srvr) || code=$?
  if ((code == 124)); then
    mode=unknown
  elif [[ -z $answer ]]; then
    return 0
  fi
  [[ ! $answer =~ Mode:\ ([a-z-]+) ]] || mode=${BASH_REMATCH[1]}
  printf '%s=%s\n' "$1" "$mode"
}

# What the other members are, as lines of ID=ADDRESS=MODE: `none` runs but does not serve, `unknown` has not answered in
# time. Where nothing listens there is no line. All are asked at once.
zookeeper_peer_modes() {
  local peer
  for peer in "${peers[@]}"; do
    [[ ${peer%%=*} == "$member" ]] || zookeeper_peer_mode "$peer" &
  done
  wait
}

# Asks our own server at its static address, as its peers and clients do. Sets its role and version.
zookeeper_look() {
  local answer
  zookeeper_role='' zookeeper_version=''
  zookeeper_listens "$zookeeper_client_port" || return 1
  answer=$(zookeeper_ask "$address" srvr) || true
  [[ $answer =~ Mode:\ (leader|follower|standalone) ]] || return 1
  zookeeper_role=${BASH_REMATCH[1]}
  [[ $answer =~ version:\ ([0-9][0-9.]*) ]] || return 1
  zookeeper_version="zookeeper ${BASH_REMATCH[1]}"
}

# --- the configuration ------------------------------------------------------------------------------------------------

# Writes standard input to FILE if that changes it, and says whether it did. Usage: FILE MODE.
zookeeper_write() {
  local text
  text=$(cat)
  [[ ! -f $1 || $(<"$1") != "$text" ]] || return 1
  mkdir -p "${1%/*}"
  printf '%s\n' "$text" | write_durably "$1" "$2"
}

# The launcher, which runs as the service's user, in the foreground. Values are quoted, and functions carry no values.
zookeeper_launcher_text() {
  local name
  printf '#!/usr/bin/env bash\n# Written by Stayput. Runs ZooKeeper as member %s of %s.\n' "$member" "$ensemble"
  for name in tombstone zookeeper_layout zookeeper_home zookeeper_data zookeeper_transactions zookeeper_log \
    zookeeper_main zookeeper_config zookeeper_digest; do
    printf '%s=%q\n' "$name" "${!name}"
  done
  declare -f zookeeper_is_mounted zookeeper_run
  printf 'zookeeper_run\n'
}

# Becomes the server. The last gate: it is passed at every start, at boot and after a crash as well.
zookeeper_run() {
  local place
  exec </dev/null >>"$zookeeper_log" 2>&1
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
  # Of a flag given twice Java takes the last, so ours come after the user's, which are words and not quoted.
  # shellcheck disable=SC2086
  exec "$JAVA" $SERVER_JVMFLAGS $JVMFLAGS $JAVA_OPTS -XX:+ExitOnOutOfMemoryError \
    "-Dzookeeper.log.dir=${zookeeper_log%/*}" -Dzookeeper.db.autocreate=false -Dzookeeper.datadir.autocreate=false \
    "-Dstayput.configuration=$zookeeper_digest" -cp "$CLASSPATH" "$zookeeper_main" "$zookeeper_config"
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

zookeeper_configure() {
  local settings
  zookeeper_find
  zookeeper_read_settings "$zookeeper_user_config"
  zookeeper_read_flags
  zookeeper_choose_directories
  zookeeper_require_mounts
  zookeeper_write_id
  zookeeper_own_directories
  zookeeper_permit_first_vote
  settings=$(zookeeper_settings)
  zookeeper_digest=$(printf '%s' "$zookeeper_home $settings" | sha256sum | cut -c 1-16)
  # It may hold the passwords of key stores.
  printf '%s\n' "$settings" | zookeeper_write "$zookeeper_config" 640 || true
  chgrp "$(id -g "$zookeeper_user")" "$zookeeper_config"
  zookeeper_launcher_text | zookeeper_write "$zookeeper_launcher" 755 || true
  has_systemd || return 0
  ! zookeeper_unit_text | zookeeper_write "$zookeeper_unit_file" 644 || systemctl daemon-reload
}

# --- the process ------------------------------------------------------------------------------------------------------

# The processes with an argument that matches PATTERN as a whole. The pattern must not match itself.
zookeeper_processes_with() {
  local file
  # Processes end while this looks, which is an error to grep.
  { grep -lzxs -e "$1" /proc/[0-9]*/cmdline || true; } | while IFS=/ read -r _ _ file _; do
    printf '%s\n' "$file"
  done
}

# The processes of our server: the launcher, then the server itself.
zookeeper_processes() {
  zookeeper_processes_with "${zookeeper_config%.cfg}[.]cfg"
}

zookeeper_runs_as_configured() {
  [[ -n $(zookeeper_processes) && -n $(zookeeper_processes_with "-Dstayput[.]configuration=$zookeeper_digest") ]]
}

# The package may have brought a unit of its own; it would start a server with the user's configuration.
zookeeper_refuse_foreign() {
  local pid ours
  if has_systemd && [[ -n $(systemctl list-unit-files --no-legend zookeeper.service 2>/dev/null) ]]; then
    systemctl disable --now --quiet zookeeper.service >&2 || true
  fi
  ours=" $(zookeeper_processes | tr '\n' ' ') "
  for pid in $(zookeeper_processes_with "${zookeeper_main//./[.]}"); do
    [[ $ours == *" $pid "* ]] || zookeeper_refuse "another ZooKeeper runs on this host, as process $pid"
  done
}

zookeeper_start() {
  zookeeper_require_mounts
  zookeeper_refuse_foreign
  if zookeeper_runs_as_configured; then
    log 'ZooKeeper runs already'
    return 0
  fi
  zookeeper_stop
  zookeeper_launch
}

zookeeper_launch() {
  mkdir -p "${zookeeper_log%/*}"
  if [[ -f $zookeeper_log ]] && (($(stat -c %s "$zookeeper_log") > zookeeper_log_limit_bytes)); then
    mv -f "$zookeeper_log" "$zookeeper_log.1"
  fi
  : >>"$zookeeper_log"
  chown "$zookeeper_user:" "$zookeeper_log"
  chmod 640 "$zookeeper_log"
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
    exec env -i "PATH=$PATH" LC_ALL=C setsid setpriv --reuid "$(id -u "$zookeeper_user")" \
      --regid "$(id -g "$zookeeper_user")" --init-groups bash "$zookeeper_launcher" "$zookeeper_config"
  ) </dev/null >/dev/null 2>&1 &
}

# A process whose first thread is a zombie may have others that still hold files of the volume.
zookeeper_is_gone() {
  local pid threads
  for pid in "$@"; do
    [[ -e /proc/$pid ]] || continue
    threads=(/proc/"$pid"/task/*)
    ((${#threads[@]} == 1)) && grep -qs '^State:[[:space:]]*Z' "/proc/$pid/status" && continue
    [[ ! -e /proc/$pid ]] || return 1
  done
}

# Stops the server and proves that nothing of it is left.
zookeeper_stop() {
  local pids=()
  if has_systemd && [[ -e $zookeeper_unit_file ]]; then
    systemctl disable --now --quiet "$zookeeper_unit" >&2 || true
  fi
  mapfile -t pids < <(zookeeper_processes)
  ((${#pids[@]} > 0)) || return 0
  kill -TERM "${pids[@]}" 2>/dev/null || true
  wait_until "$zookeeper_stop_seconds" 0.05 zookeeper_is_gone "${pids[@]}" && return 0
  log 'ZooKeeper does not stop by itself'
  kill -KILL "${pids[@]}" 2>/dev/null || true
  wait_until 10 0.05 zookeeper_is_gone "${pids[@]}" || zookeeper_refuse "processes of ZooKeeper stay: ${pids[*]}"
}

# --- readiness --------------------------------------------------------------------------------------------------------

# The server as JSON, as it was when it was last looked at.
zookeeper_status() {
  printf '{"role":%s,"version":%s}' "$(json_text "$zookeeper_role")" "$(json_text "$zookeeper_version")"
}

# Waits until the server has a role in its ensemble. A server that ends meanwhile is not waited for.
zookeeper_ready() {
  local end=$((SECONDS + zookeeper_ready_seconds)) looked=$SECONDS
  ((end <= zookeeper_last_second)) || end=$zookeeper_last_second
  until zookeeper_look; do
    # What costs more than a glance is looked at once a second, and so is the end of all patience.
    if ((SECONDS > looked)); then
      looked=$SECONDS
      zookeeper_attend
      ((SECONDS < end)) || fail 41 no-quorum "ZooKeeper runs, but found no role in its ensemble within \
$zookeeper_ready_seconds seconds; of the others these answer: $(zookeeper_peer_modes | tr '\n' ' ')"
    fi
    sleep 0.1
  done
  zookeeper_settle
}

# What can be done for a server that has no role yet. Between a start and its first process there is a moment, so it is
# gone only when it is missing twice.
zookeeper_attend() {
  if [[ -n $(zookeeper_processes) ]]; then
    zookeeper_missing=0
    zookeeper_help_stalled
  elif ((++zookeeper_missing > 1)); then
    zookeeper_missing=0
    zookeeper_recover
  fi
}

# ZooKeeper does not sync its first snapshot: a power cut soon after the first start leaves one of no bytes beside
# entries in the log, and the server never starts again ("No snapshot found, but there are log entries").
zookeeper_settle() {
  local place
  for place in "$zookeeper_data" "$zookeeper_transactions"; do
    # The sync of older systems knows no single file system.
    sync -f "$place" 2>/dev/null || sync
  done
}

# A restarted server may be handed a vote for itself that a peer sent long ago: the last message to a server is kept
# and sent again when it connects. It then leads alone until initLimit x tickTime is over, while the others serve with
# their own leader. Such a server has no followers, so nothing was ever acknowledged by it, and a restart is as safe as
# any crash; at the restart the last messages are those of today. A server that is still being synced follows, does not
# listen for followers, and is left alone.
zookeeper_help_stalled() {
  local modes
  # A server listens on the port for followers only while it leads or means to.
  if ! zookeeper_listens "$zookeeper_quorum_port"; then
    zookeeper_alone_since=''
    return 0
  fi
  zookeeper_alone_since=${zookeeper_alone_since:-$SECONDS}
  ((SECONDS - zookeeper_alone_since > zookeeper_stall_seconds && zookeeper_helps < zookeeper_most_helps)) || return 0
  modes=$(zookeeper_peer_modes)
  [[ $modes == *=leader* ]] || return 0
  zookeeper_helps=$((zookeeper_helps + 1))
  log "ZooKeeper leads alone on a stale vote while another member leads: restarted"
  zookeeper_alone_since=''
  zookeeper_stop
  zookeeper_launch
}

# --- data that cannot be loaded ---------------------------------------------------------------------------------------

# What the server has said since it was started.
zookeeper_words() {
  tail -c "+$((zookeeper_log_start + 1))" "$zookeeper_log" 2>/dev/null | head -c 1000000 || true
}

zookeeper_last_word() {
  zookeeper_words | grep -E 'Exception|ERROR|rror:|not ' | tail -n 1 | head -c 300 || true
}

# Whether all others serve and have all that the leader has. Then nothing can be on this disk only: a write is
# acknowledged by a majority, and what a majority has, these have.
zookeeper_others_in_sync() {
  local modes leader='' count=0 leaders=0 line
  modes=$(zookeeper_peer_modes)
  for line in $modes; do
    case $line in
      *=leader)
        leader=${line#*=}
        leader=${leader%=*}
        leaders=$((leaders + 1)) ;;
      *=follower) ;;
      *) return 1 ;;
    esac
    count=$((count + 1))
  done
  ((leaders == 1 && count == ${#peers[@]} - 1 && count >= 2)) || return 1
  [[ $(zookeeper_ask "$leader" mntr) =~ zk_synced_followers[[:space:]]+([0-9]+) ]] && ((BASH_REMATCH[1] >= count - 1))
}

# A server that ends at its start is not started again and again. If it cannot load what is on its disk, that is set
# aside, never removed, and it learns everything from the others: the way of ZooKeeper's own manual, and only with its
# condition, that all the others are well.
zookeeper_recover() {
  local place now
  zookeeper_words | grep -qF 'Unable to load database on disk' ||
    zookeeper_refuse "ZooKeeper ended: $(zookeeper_last_word)"
  zookeeper_others_in_sync || zookeeper_refuse "ZooKeeper cannot load its data, and they are not set aside, because the \
other members are not all in sync: $(zookeeper_last_word)"
  zookeeper_stop
  now=$(date +%s)
  for place in "$zookeeper_data" "$zookeeper_transactions"; do
    [[ ! -e $place/version-2 ]] || mv "$place/version-2" "$place/version-2.corrupt.$now"
    rm -f "$place/initialize"
    sync "$place"
  done
  log "ZooKeeper cannot load its data: set aside as version-2.corrupt.$now"
  zookeeper_own_directories
  zookeeper_launch
}
