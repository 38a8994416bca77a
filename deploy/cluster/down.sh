#!/usr/bin/env bash
# Stops what up.sh has started, by the process ids that it kept, and removes the network namespace. usage: down.sh RUN_DIR
set -uo pipefail
cd "$1" || exit 1
run=$PWD ns=jumun-k8s
stop() {
  local pid
  [ -f "$1.pid" ] && pid=$(cat "$1.pid") && kill "$pid" 2>/dev/null && tail --pid="$pid" -f /dev/null
  rm -f "$1.pid"
}
for part in kube-router kubelet0 kubelet1 metrics-server coredns; do stop $part; done
for n in 0 1; do
  runtime() { timeout 20 ctr -a "$run/node$n/containerd.sock" -n k8s.io "$@"; }
  for task in $(runtime tasks ls -q 2>/dev/null); do runtime tasks kill -s KILL "$task"; done
  for task in $(runtime tasks ls -q 2>/dev/null); do runtime tasks rm -f "$task" >/dev/null; done
  # The pods' networks, which the runtime keeps for a next start.
  for pod in $(runtime containers ls -q 2>/dev/null); do runtime containers info "$pod"; done |
    grep -o 'netns/cni-[-0-9a-f]*' | sort -u | while read -r network; do ip netns del "${network#*/}" 2>/dev/null; done
done
for part in containerd0 containerd1 proxy scheduler manager apiserver etcd; do stop $part; done
grep -o "$run/[^ ]*" /proc/mounts | sort -r | while read -r place; do umount -l "$place"; done
ip netns del $ns
for n in 0 1; do
  find /sys/fs/cgroup/*/jumun-node$n -depth -type d -exec rmdir {} + 2>/dev/null
done
exit 0
