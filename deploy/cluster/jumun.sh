#!/usr/bin/env bash
# jumun on a Kubernetes of this machine, made of Go modules and Debian's packages: no image registry, no cloud.
# usage: jumun.sh up | down      (root; Go, Node and npm; the first time takes ten minutes or more)
#
# All of it is kept in .k8s (or K8S_DIR): what was built, the cluster's data, and the images.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
root=$(realpath "$here/../..")
k8s=${K8S_DIR:-$root/.k8s}
ns=jumun-k8s
mkdir -p "$k8s/bin" "$k8s/docker"
export PATH="$k8s/bin:$PATH" DOCKER_HOST="unix://$k8s/docker/sock" KUBECONFIG="$k8s/run/admin.conf"
step() { printf '\n== %s\n' "$*"; }
in_ns() { nsenter --net=/run/netns/$ns "$@"; }

packages() {
  local wanted=(etcd-server containerd containernetworking-plugins iptables ipset conntrack iproute2 openssl docker.io
    mmdebstrap siege) missing=() p
  for p in "${wanted[@]}"; do dpkg -s "$p" >/dev/null 2>&1 || missing+=("$p"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  apt-get update -qq
  apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
}

# Docker's engine, for the builds alone: containers of its own have no network.
engine() {
  docker version >/dev/null 2>&1 && return
  setsid dockerd --data-root "$k8s/docker/data" --exec-root "$k8s/docker/exec" --pidfile "$k8s/docker/pid" -H "$DOCKER_HOST" \
    --iptables=false --ip6tables=false --bridge=none >"$k8s/docker/log" 2>&1 </dev/null &
  for _ in $(seq 60); do docker version >/dev/null 2>&1 && return; sleep 0.5; done
  echo "Docker's engine did not start; see $k8s/docker/log" >&2
  exit 1
}

base() { docker image inspect "$1" >/dev/null 2>&1 || "$here/base.sh" "$@" >/dev/null; }
build() { DOCKER_BUILDKIT=0 docker build --quiet --network host -t "$@" >/dev/null; }
images() {
  base jumun.local/node:24
  base jumun.local/java:17 openjdk-17-jre-headless
  build jumun.local/jumun:1 -f "$root/deploy/docker/Dockerfile" --build-arg NODE_IMAGE=jumun.local/node:24 \
    --build-arg VERSION=1 "$root"
  build jumun.local/jumun:2 --build-arg JUMUN=jumun.local/jumun:1 "$root/tests/k8s/next"
  build jumun.local/postgresql:18 --build-arg BASE=jumun.local/node:24 "$here/images/postgresql"
  node --import tsx "$root/tests/kafka/resolve.ts" >/dev/null
  build jumun.local/kafka:4 --build-arg BASE_JAVA=jumun.local/java:17 -f "$here/images/kafka/Dockerfile" \
    "$(find "$root/.kafka" -maxdepth 1 -name '4.*' | tail -n 1)"
}

# The images into both nodes.
load() {
  local image n archive=$k8s/image.tar
  for image in jumun:1 jumun:2 postgresql:18 kafka:4; do
    docker save "jumun.local/$image" -o "$archive"
    for n in 0 1; do ctr -a "$k8s/run/node$n/containerd.sock" -n k8s.io images import "$archive" >/dev/null; done
  done
  rm -f "$archive"
}

# Volumes are folders of this machine, which both nodes see.
storage() {
  local name
  for name in postgresql kafka archive; do
    mkdir -p "$k8s/volumes/$name"
    chown 1000:1000 "$k8s/volumes/$name"
  done
  sed "s#VOLUMES#$k8s/volumes#" "$here/storage.yaml" | in_ns kubectl apply -f - >/dev/null
}

up() {
  step "Debian's packages"
  packages
  step 'Kubernetes and its tools, from Go modules'
  "$here/binaries.sh" "$k8s/bin"
  step 'images'
  engine
  images
  step 'the cluster'
  in_ns kubectl get --raw /readyz >/dev/null 2>&1 || "$here/up.sh" "$k8s/bin" "$k8s/run"
  load
  storage
  step 'PostgreSQL and Kafka'
  in_ns kubectl get namespace jumun >/dev/null 2>&1 || in_ns kubectl create namespace jumun
  in_ns kubectl label --overwrite namespace jumun pod-security.kubernetes.io/enforce=restricted
  in_ns helm upgrade --install jumun-data "$root/deploy/helm/jumun-data" --namespace jumun --wait --timeout 5m \
    --values "$here/values-data.yaml"
  step 'jumun'
  in_ns helm upgrade --install jumun "$root/deploy/helm/jumun" --namespace jumun --wait --timeout 5m \
    --values "$root/tests/k8s/values-local.yaml"
  in_ns kubectl --namespace jumun get pods --output wide
  printf '\nIn a shell of the cluster (%s), the gateway is at http://%s:8080\n' \
    "KUBECONFIG=$KUBECONFIG nsenter --net=/run/netns/$ns bash" \
    "$(in_ns kubectl -n jumun get service gateway -o 'jsonpath={.spec.clusterIP}')"
}

down() {
  local pid place
  [ ! -d "$k8s/run" ] || "$here/down.sh" "$k8s/run"
  if [ -f "$k8s/docker/pid" ]; then
    pid=$(cat "$k8s/docker/pid")
    kill "$pid"
    tail --pid="$pid" -f /dev/null
  fi
  { grep -o "$k8s/docker/[^ ]*" /proc/mounts || true; } | sort -r | while read -r place; do umount -l "$place"; done
  rm -rf "$k8s/run" "$k8s/volumes"
}

case ${1:-} in
  up | down) "$1" ;;
  *) echo 'usage: jumun.sh up | down' >&2; exit 2 ;;
esac
