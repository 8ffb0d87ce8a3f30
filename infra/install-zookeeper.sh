#!/bin/bash
# Installs ZooKeeper on an instance whose image has none: the user data of the launch template. An image that brings
# ZooKeeper along is left as it is, and needs no network.
#
# A pinned version, the same on every distribution. Their own packages differ from release to release, and not all of
# them can keep an empty disk from voting. The archives come from Maven Central, where Apache publishes ZooKeeper's own
# classes; each is compared with the checksum below, so that it does not matter who answers the download. Java comes
# from the distribution, whose packages are signed.
#
# Nothing is started here. Whatever fails is told in /var/log/cloud-init-output.log, and leaves nothing half installed:
# the take-over then says that there is no ZooKeeper, and the launch is given up.
set -euo pipefail

readonly version=3.9.5
readonly home=/opt/zookeeper-$version
readonly archives=https://repo1.maven.org/maven2
readonly user=zookeeper
readonly download_seconds=60

# Usage: fetch PATH SHA256. What the server needs at run time, as its own pom.xml names it; without the native
# libraries, which are there for speed, and the administration server, which stays off.
fetch_archives() {
  fetch org/apache/zookeeper/zookeeper/$version/zookeeper-$version.jar \
    936d025db1a85f085edea25048c3f5b3de5fc29329c371a10925e3b78b0b38a0
  fetch org/apache/zookeeper/zookeeper-jute/$version/zookeeper-jute-$version.jar \
    abcbc7f9d6c493daa118da6fa3061a201e2c521217526e8535adfb56b629e52a
  fetch commons-io/commons-io/2.17.0/commons-io-2.17.0.jar \
    4aa4ca48f3dfd30b78220b7881d8cb93eac4093ec94361b6befa9487998a550b
  fetch io/dropwizard/metrics/metrics-core/4.1.12.1/metrics-core-4.1.12.1.jar \
    cec34936faa625039f4e46123eccaa10a9eb9d9a40c6075830cd81330e259cf9
  fetch io/netty/netty-buffer/4.1.130.Final/netty-buffer-4.1.130.Final.jar \
    00a522b67ea35cb7b4dd9cf27f85c6c58f5e306785aa045302e5f6b2d4944a87
  fetch io/netty/netty-codec/4.1.130.Final/netty-codec-4.1.130.Final.jar \
    52636bc29bd62120b97bbe5d1d21eab9b1cb2bef8efbb54d2221c5f3fa08d8cd
  fetch io/netty/netty-common/4.1.130.Final/netty-common-4.1.130.Final.jar \
    53921f28dd5a352b1bed0e1cbcc54d013dc60ffebeae9b2b1e53eabef317e581
  fetch io/netty/netty-handler/4.1.130.Final/netty-handler-4.1.130.Final.jar \
    98c78ec187ca30a4b9775bf6f632f5c9929db6bf06a60e6971f945813880ca0f
  fetch io/netty/netty-resolver/4.1.130.Final/netty-resolver-4.1.130.Final.jar \
    48c5b218a89d184e1b601d46433957f515fcefdb4464182b1348bce4f5a18f35
  fetch io/netty/netty-transport/4.1.130.Final/netty-transport-4.1.130.Final.jar \
    1bf573266d271f856705a9984d25449c56a1d73c02a16af12033ceccfe555dbb
  fetch io/netty/netty-transport-classes-epoll/4.1.130.Final/netty-transport-classes-epoll-4.1.130.Final.jar \
    1c352508d70aca1ccc3068daac907ad1e9d8dc68b07148d57426730bf0d0c8b6
  fetch io/netty/netty-transport-native-unix-common/4.1.130.Final/netty-transport-native-unix-common-4.1.130.Final.jar \
    cf5efc4168597d7cd14695b469418cac2a1134533f9a0c82ef0538d796fd39e1
  fetch org/slf4j/slf4j-api/2.0.13/slf4j-api-2.0.13.jar \
    e7c2a48e8515ba1f49fa637d57b4e2f590b3f5bd97407ac699c3aa5efb1204a9
  fetch org/slf4j/slf4j-simple/2.0.13/slf4j-simple-2.0.13.jar \
    3153fe1d689cffb94f1530b58470c306685ba68844de8857116e3b6ebb81d9f7
  fetch org/xerial/snappy/snappy-java/1.1.10.5/snappy-java-1.1.10.5.jar \
    0f3f1857ed33116583f480b4df5c0218836c47bfbc9c6221c0d73f356decf37b
}

fetch() {
  local file=$unfinished/lib/${1##*/}
  curl --fail --silent --show-error --location --retry 5 --retry-all-errors --max-time "$download_seconds" \
    --output "$file" "$archives/$1"
  printf '%s  %s\n' "$2" "$file" | sha256sum --check --status || {
    echo "${1##*/} is not what it should be: its SHA-256 is $(sha256sum "$file" | cut -d ' ' -f 1), not $2"
    exit 1
  }
}

# The same places in which the take-over looks.
is_there() {
  local candidate
  for candidate in /usr/share/java/zookeeper.jar /opt/zookeeper*/bin/zkServer.sh /usr/local/zookeeper*/bin/zkServer.sh \
    /opt/apache-zookeeper*/bin/zkServer.sh /usr/local/apache-zookeeper*/bin/zkServer.sh; do
    [[ ! -e $candidate ]] || return 0
  done
  return 1
}

# With the tools for file systems, which minimal images may lack.
install_packages() {
  if command -v dnf >/dev/null; then
    dnf install --assumeyes --quiet java-17-amazon-corretto-headless e2fsprogs xfsprogs
  elif command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    # At boot the distribution's own timers may be at work on the packages.
    apt-get -o DPkg::Lock::Timeout=300 update --quiet
    apt-get -o DPkg::Lock::Timeout=300 install --yes --quiet --no-install-recommends \
      default-jre-headless curl ca-certificates e2fsprogs xfsprogs
  else
    echo 'this distribution has neither dnf nor apt-get: use an image that has ZooKeeper'
    exit 1
  fi
}

write_launchers() {
  mkdir "$unfinished/bin"
  cat >"$unfinished/bin/zkEnv.sh" <<ENVIRONMENT
# The class path of the server, for whoever starts it.
CLASSPATH='$home/conf:$home/lib/*'
JAVA=java
SERVER_JVMFLAGS="\${SERVER_JVMFLAGS:-} -Dorg.slf4j.simpleLogger.showDateTime=true"
SERVER_JVMFLAGS+=" -Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX"
[[ ! -r $home/conf/java.env ]] || . "$home/conf/java.env"
ENVIRONMENT
  cat >"$unfinished/bin/zkServer.sh" <<'SERVER'
#!/bin/sh
echo 'Stayput starts and stops this server: systemctl status stayput-zookeeper' >&2
exit 1
SERVER
  chmod 755 "$unfinished/bin/zkServer.sh"
}

if is_there; then
  echo 'this image has ZooKeeper'
  exit 0
fi
install_packages
id -u "$user" >/dev/null 2>&1 || useradd --system --user-group --no-create-home --shell /usr/sbin/nologin "$user"
# Not named like an installation, until it is one.
unfinished=$(mktemp -d /opt/.stayput-XXXXXX)
trap 'rm -rf "$unfinished"' EXIT
mkdir "$unfinished/lib" "$unfinished/conf"
fetch_archives
write_launchers
chmod 755 "$unfinished"
mv "$unfinished" "$home"
echo "ZooKeeper $version is in $home"
