#!/bin/sh
# The first process of a node: gives the node a root of its own, then becomes supervisord.
# Runs as process 1 of new mount, PID, network, UTS and IPC namespaces, so all that it does here ends with it.
#   enter.sh LOWER NODE_STATE STATE RUN PROGRAMS HOSTNAME LIBRARIES
# LOWER: the unpacked Debian root; NODE_STATE: this node's folder; STATE, RUN: the lab's; PROGRAMS: built with Go;
# LIBRARIES: of Python, for the double of AWS.
set -eu
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
lower=$1 node=$2 state=$3 run=$4 programs=$5

mkdir -p "$node/upper" "$node/work" "$node/root" "$node/containerd" "$node/docker" "$node/kubelet"
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$node/upper,workdir=$node/work" "$node/root"
cd "$node/root"

mount -t proc proc proc
mount -t sysfs sysfs sys                    # a sysfs of the new network namespace ...
mount --rbind /sys/fs/cgroup sys/fs/cgroup  # ... which comes without the cgroup mounts that the engine looks for
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp

keep() { mkdir -p "./$2"; mount --bind "$1" "./$2"; }
keep "$state" "$state"
keep "$run" "$run"
keep "$programs" opt/lab
keep "$7" opt/lab-python
# Container storage cannot lie on an overlay.
keep "$node/containerd" var/lib/containerd
keep "$node/docker" var/lib/docker
keep "$node/kubelet" var/lib/kubelet

# The kubelet sets these for the whole machine. Here it finds plain files that hold what it wants, and leaves it alone.
mkdir run/sysctl
shield() { echo "$2" > "run/sysctl/$(basename "$1")"; mount --bind "run/sysctl/$(basename "$1")" "proc/sys/$1"; }
shield vm/overcommit_memory 1
shield vm/panic_on_oom 0
shield kernel/panic 10
shield kernel/panic_on_oops 1
shield kernel/keys/root_maxkeys 1000000
shield kernel/keys/root_maxbytes 25000000

mkdir run/old
pivot_root . run/old
umount -l /run/old
rmdir /run/old
mount --make-rshared /   # the kubelet hands mounts on to its containers

hostname "$6"
ip link set lo up
echo 1 > /proc/sys/net/ipv4/ip_forward
ulimit -n "$(ulimit -Hn)"
cd /
exec /usr/bin/supervisord -n -c /etc/supervisor/supervisord.conf
