# The least that a take-over can be, written by hand for a machine that is as expected: the interface, the routes, the
# volume and the server that was on it before. Nothing is looked at twice, proved, locked, or kept for the next boot.
# What Stayput's own take-over takes is held against it, on the same machine and in the same minutes.
#
# In the environment: MAC, ADDRESS, PREFIX (bits), GATEWAY, SERIAL, DIRECTORY.
for card in /sys/class/net/*; do
  [[ $(<"$card/address") != "$MAC" ]] || interface=${card##*/}
done
for disk in /sys/block/*; do
  [[ ! -r $disk/device/serial || $(<"$disk/device/serial") != "$SERIAL"* ]] || device=/dev/${disk##*/}
done
echo 2 >"/proc/sys/net/ipv4/conf/$interface/rp_filter"
ip addr add "$ADDRESS/$PREFIX" dev "$interface"
ip link set "$interface" up
ip route add default via "$GATEWAY" dev "$interface" onlink table 100
ip rule add from "$ADDRESS" lookup 100
mkdir -p "$DIRECTORY"
mount "$device" "$DIRECTORY"
. /etc/zookeeper/conf/environment
# shellcheck disable=SC2086,SC2154
setsid setpriv --reuid zookeeper --regid zookeeper --init-groups "$JAVA" $JAVA_OPTS \
  -Dzookeeper.db.autocreate=false -cp "$CLASSPATH:/usr/share/java/slf4j-simple.jar" \
  org.apache.zookeeper.server.quorum.QuorumPeerMain "$DIRECTORY/configuration/zoo.cfg" </dev/null >/dev/null 2>&1 &
until exec 3<>"/dev/tcp/$ADDRESS/2181" && printf srvr >&3 && grep -q 'Mode: [fl]' <&3; do sleep 0.1; done 2>/dev/null
