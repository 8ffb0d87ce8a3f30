#!/usr/bin/env bash
# What every document begins with. Run Command joins the parts of a document into one script, which runs as root.
#
# Parameters come as environment variables SSM_<Name> (interpolationType ENV_VAR): data, never text of the script. Each
# is checked here once more, because an older agent would not have set it at all. Standard output carries one line of
# JSON at the very end and nothing else; all that is for people goes to standard error.
set -euo pipefail
umask 022
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# Survives reboots, goes with the machine's own disk, never with a volume.
readonly state_directory=/var/lib/stayput
readonly tombstone="$state_directory/handed-over"
readonly lock_file=/run/stayput.lock
# Functions that must outlive this command (units call them at boot) are installed here.
readonly library_directory=/usr/local/lib/stayput

attempt='' told='' companion=''

log() {
  printf '%s\n' "$*" >&2
}

# A text as a JSON string.
json_text() {
  local text=$1
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//[[:cntrl:]]/ }
  printf '"%s"' "$text"
}

# Ends the document. Usage: fail EXIT_CODE WORD SENTENCE. The words and codes are the contract with the orchestrator:
#   64 bad-parameter  10 too-late  11 handed-over  12 busy  20 interface-missing  21 routes-failed
#   30 volume-missing  31 volume-unfit  32 mount-failed  40 service-failed  41 no-quorum  50 still-mounted
#   60 unreachable  61 not-leader  62 not-in-sync  63 not-changed
fail() {
  told=yes
  log "$2: $3"
  printf '{"attempt":%s,"failed":%s,"because":%s}\n' "$(json_text "$attempt")" "$(json_text "$2")" "$(json_text "$3")"
  exit "$1"
}

# Whatever else ends the document is told in the same form: a disk that is full, a program that is not there. So is a
# failure inside a command substitution, whose own line of JSON went where the value should have gone.
trap 'tell_ending "$?"' EXIT
tell_ending() {
  # Else the next command on this host would find it at work, and the lock taken.
  [[ -z $companion ]] || wait "$companion" || true
  (($1 == 0)) || [[ -n $told ]] || fail "$1" unexpected "ended with exit code $1: its standard error tells why"
}

# Sets VARIABLE to the value of parameter NAME, which must match PATTERN (a POSIX extended regular expression, anchored
# here). Usage: read_parameter VARIABLE NAME PATTERN.
read_parameter() {
  local parameter_name="SSM_$2"
  local parameter_value=${!parameter_name-}
  [[ $parameter_value =~ ^($3)$ ]] || fail 64 bad-parameter "$2 is $(json_text "$parameter_value"), not $3"
  printf -v "$1" '%s' "$parameter_value"
}

# Refuses a command that comes later than it may: the world that it was meant for is gone. Usage: refuse_when_late SECONDS.
refuse_when_late() {
  local now
  printf -v now '%(%s)T' -1
  ((now <= $1)) || fail 10 too-late "not to be run after $1, and it is $now"
}

# One command at a time on this host. The lock goes with the process that holds it.
take_host_lock() {
  exec 9>"$lock_file"
  flock --nonblock 9 || fail 12 busy 'another take-over or hand-over is at work on this host'
}

# Stop is sticky: a host that has handed over never takes over again.
refuse_when_handed_over() {
  [[ ! -e $tombstone ]] || fail 11 handed-over "this host has handed over: $(head -c 200 "$tombstone")"
}

# Writes standard input, a text, to FILE so that after a power cut it holds all of it or what it held before.
# Usage: write_durably FILE [MODE]
write_durably() {
  local file=$1 mode=${2:-644} temporary text
  IFS= read -r -d '' text || true
  temporary=$(mktemp "$file.XXXXXX")
  printf '%s' "$text" >"$temporary"
  chmod "$mode" "$temporary"
  sync "$temporary"
  mv -f "$temporary" "$file"
  sync "${file%/*}"
}

# Runs a command every DELAY seconds until it succeeds, for SECONDS at most. Usage: wait_until SECONDS DELAY COMMAND...
wait_until() {
  local end=$((SECONDS + $1)) delay=$2
  shift 2
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep "$delay"
  done
}

# Whether systemd runs this host; without it (a container, a lab) processes are started directly.
has_systemd() {
  [[ -d /run/systemd/system ]]
}
