#!/usr/bin/env bash
# Starts a Kubernetes of two nodes in a network namespace of its own, jumun-k8s. What is in it reaches nothing outside.
# usage: up.sh BIN_DIR RUN_DIR      (root; etcd-server containerd containernetworking-plugins iptables ipset conntrack
#                                    iproute2 openssl of Debian's packages)
set -euo pipefail
bin=$(realpath "$1")
mkdir -p "$2"
run=$(realpath "$2")
ns=jumun-k8s
address=(10.99.0.1 10.99.0.2)
service_cidr=10.98.0.0/16 pod_cidr=10.97.0.0/16 dns=10.99.0.10 figures=10.99.0.11
cd "$run"
mkdir -p pki logs
export PATH="$bin:$PATH"

in_ns() { nsenter --net=/run/netns/$ns "$@"; }
start() { # name command…
  local name=$1
  shift
  setsid nsenter --net=/run/netns/$ns "$@" >"logs/$name.log" 2>&1 </dev/null &
  echo $! >"$name.pid"
}
wait_for() { # what command…
  local what=$1
  shift
  for _ in $(seq 240); do "$@" >/dev/null 2>&1 && return; sleep 0.5; done
  echo "$what did not come up; see $run/logs" >&2
  exit 1
}

ip netns add $ns 2>/dev/null || true
in_ns ip link set lo up
in_ns ip link add nodes type bridge 2>/dev/null || true
for a in "${address[@]}" $dns $figures; do in_ns ip addr replace "$a/24" dev nodes; done
in_ns ip link set nodes up
in_ns ip route replace default via "${address[0]}" dev nodes
in_ns sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.route_localnet=1

# One authority, and a certificate for each who has to be known.
if [ ! -f pki/ca.crt ]; then
  openssl req -x509 -newkey rsa:2048 -nodes -keyout pki/ca.key -out pki/ca.crt -days 365 -subj /CN=jumun-k8s 2>/dev/null
  openssl genrsa -out pki/sa.key 2048 2>/dev/null
  openssl rsa -in pki/sa.key -pubout -out pki/sa.pub 2>/dev/null
fi
certificate() { # name subject [subjectAltName]
  openssl req -newkey rsa:2048 -nodes -keyout "pki/$1.key" -out "pki/$1.csr" -subj "$2" 2>/dev/null
  openssl x509 -req -in "pki/$1.csr" -CA pki/ca.crt -CAkey pki/ca.key -CAcreateserial -days 365 -out "pki/$1.crt" -extfile \
    <(printf 'keyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth,clientAuth\n%s' "${3:+subjectAltName=$3}") 2>/dev/null
}
access() { # name: writes name.conf
  local config=(kubectl --kubeconfig="$1.conf" config)
  "${config[@]}" set-cluster c --server="https://${address[0]}:6443" --certificate-authority=pki/ca.crt --embed-certs >/dev/null
  "${config[@]}" set-credentials u --client-certificate="pki/$1.crt" --client-key="pki/$1.key" --embed-certs >/dev/null
  "${config[@]}" set-context x --cluster=c --user=u >/dev/null
  "${config[@]}" use-context x >/dev/null
}
certificate apiserver /CN=kube-apiserver "IP:${address[0]},IP:127.0.0.1,IP:10.98.0.1,DNS:kubernetes.default.svc"
certificate front-proxy /CN=front-proxy
certificate admin /O=system:masters/CN=admin && access admin
certificate manager /CN=system:kube-controller-manager && access manager
certificate scheduler /CN=system:kube-scheduler && access scheduler
certificate proxy /CN=system:kube-proxy && access proxy
for n in 0 1; do
  certificate node$n /O=system:nodes/CN=system:node:node$n "IP:${address[n]},DNS:node$n" && access node$n
done

start etcd etcd --data-dir "$run/etcd" --listen-client-urls http://127.0.0.1:2379 \
  --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380
start apiserver kube-apiserver --etcd-servers=http://127.0.0.1:2379 --advertise-address="${address[0]}" --secure-port=6443 \
  --service-cluster-ip-range=$service_cidr --authorization-mode=Node,RBAC --allow-privileged --client-ca-file=pki/ca.crt \
  --tls-cert-file=pki/apiserver.crt --tls-private-key-file=pki/apiserver.key \
  --kubelet-client-certificate=pki/admin.crt --kubelet-client-key=pki/admin.key \
  --kubelet-preferred-address-types=InternalIP \
  --service-account-issuer=https://kubernetes.default.svc --service-account-key-file=pki/sa.pub \
  --service-account-signing-key-file=pki/sa.key --requestheader-client-ca-file=pki/ca.crt \
  --requestheader-allowed-names=front-proxy --requestheader-username-headers=X-Remote-User \
  --requestheader-group-headers=X-Remote-Group --requestheader-extra-headers-prefix=X-Remote-Extra- \
  --proxy-client-cert-file=pki/front-proxy.crt --proxy-client-key-file=pki/front-proxy.key --enable-aggregator-routing
export KUBECONFIG="$run/admin.conf"
wait_for kube-apiserver in_ns kubectl get --raw /readyz
start manager kube-controller-manager --kubeconfig=manager.conf --service-account-private-key-file=pki/sa.key \
  --root-ca-file=pki/ca.crt --use-service-account-credentials --cluster-signing-cert-file=pki/ca.crt \
  --cluster-signing-key-file=pki/ca.key --leader-elect=false --horizontal-pod-autoscaler-sync-period=5s
start scheduler kube-scheduler --kubeconfig=scheduler.conf --leader-elect=false
start proxy kube-proxy --kubeconfig=proxy.conf --hostname-override=node0 --cluster-cidr=$pod_cidr --proxy-mode=iptables \
  --conntrack-max-per-core=0

# The image of a pod's sandbox, an OCI archive made by hand.
sandbox=jumun.local/pause:1
archive_of_pause() {
  local d layer config manifest
  d=$(mktemp -d)
  mkdir -p "$d/oci/blobs/sha256"
  tar -C "$bin" --owner=0 --group=0 -cf "$d/layer" pause
  blob() { local h; h=$(sha256sum "$1" | cut -d' ' -f1); cp "$1" "$d/oci/blobs/sha256/$h"; echo "$h"; }
  layer=$(blob "$d/layer")
  printf '{"architecture":"amd64","os":"linux","config":{"Entrypoint":["/pause"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$layer" >"$d/config"
  config=$(blob "$d/config")
  local media=application/vnd.oci.image
  printf '{"schemaVersion":2,"mediaType":"%s.manifest.v1+json","config":{"mediaType":"%s.config.v1+json","digest":"sha256:%s","size":%s},"layers":[{"mediaType":"%s.layer.v1.tar","digest":"sha256:%s","size":%s}]}' \
    $media $media "$config" "$(stat -c%s "$d/config")" $media "$layer" "$(stat -c%s "$d/layer")" >"$d/manifest"
  manifest=$(blob "$d/manifest")
  printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s.manifest.v1+json","digest":"sha256:%s","size":%s,"annotations":{"io.containerd.image.name":"%s","org.opencontainers.image.ref.name":"1"}}]}' \
    $media "$manifest" "$(stat -c%s "$d/manifest")" $sandbox >"$d/oci/index.json"
  echo '{"imageLayoutVersion":"1.0.0"}' >"$d/oci/oci-layout"
  tar -C "$d/oci" -cf "$run/pause.tar" .
  rm -rf "$d"
}
[ -f pause.tar ] || archive_of_pause

# Both nodes are on this machine and in this namespace; each has its own runtime, pods' addresses and cgroup.
node() { # number
  local n=$1 name=node$1 d="$run/node$1" controller
  mkdir -p "$d/cni" "$d/manifests"
  # Each pod is linked with the namespace alone (ptp), so that all it sends is routed there and policies see it.
  cat >"$d/cni/10-pods.conflist" <<C
{"cniVersion":"0.4.0","name":"pods","plugins":[
 {"type":"ptp","ipMasq":false,"ipam":{"type":"host-local","dataDir":"$d/ipam","routes":[{"dst":"0.0.0.0/0"}],
  "ranges":[[{"subnet":"$pod_cidr","rangeStart":"10.97.$n.10","rangeEnd":"10.97.$n.250","gateway":"10.97.0.1"}]]}},
 {"type":"portmap","capabilities":{"portMappings":true}}]}
C
  cat >"$d/containerd.toml" <<C
version = 2
root = "$d/containerd"
state = "$d/containerd-state"
[grpc]
  address = "$d/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$sandbox"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$d/cni"
C
  start "containerd$n" containerd --config "$d/containerd.toml"
  wait_for "containerd of $name" ctr -a "$d/containerd.sock" version
  ctr -a "$d/containerd.sock" -n k8s.io images import "$run/pause.tar" >/dev/null
  for controller in /sys/fs/cgroup/*/; do
    [ -f "${controller}tasks" ] || continue
    mkdir -p "${controller}jumun-$name"
    # Among other processes of this machine, all pods of a node together would count as one.
    [ ! -f "${controller}cpu.shares" ] || echo 16384 >"${controller}jumun-$name/cpu.shares"
    [ -f "${controller}cpuset.cpus" ] || continue
    cat "${controller}cpuset.cpus" >"${controller}jumun-$name/cpuset.cpus"
    cat "${controller}cpuset.mems" >"${controller}jumun-$name/cpuset.mems"
  done
  cat >"$d/kubelet.yaml" <<C
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: ${address[n]}
healthzPort: $((10248 - 2 * n))
containerRuntimeEndpoint: unix://$d/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: /jumun-$name
failSwapOn: false
failCgroupV1: false
clusterDNS: [$dns]
clusterDomain: cluster.local
staticPodPath: $d/manifests
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $run/pki/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $run/pki/$name.crt
tlsPrivateKeyFile: $run/pki/$name.key
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%, nodefs.inodesFree: 1%}
resolvConf: /etc/resolv.conf
configMapAndSecretChangeDetectionStrategy: Watch
C
  start "kubelet$n" kubelet --config="$d/kubelet.yaml" --kubeconfig="$name.conf" --hostname-override=$name \
    --node-ip="${address[n]}" --root-dir="$d/kubelet" --cert-dir="$run/pki" --node-labels=topology.kubernetes.io/zone=zone$n
}
node 0
node 1
is_ready() { in_ns kubectl get node "$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' | grep -q True; }
for n in 0 1; do wait_for node$n is_ready node$n; done

# Names, figures for autoscaling, and who enforces network policies. As processes: they need no image.
cat >Corefile <<C
.:53 {
  bind $dns
  errors
  kubernetes cluster.local in-addr.arpa {
    kubeconfig $run/admin.conf x
  }
  cache 5
}
C
start coredns coredns -conf "$run/Corefile"
start metrics-server metrics-server --kubeconfig=admin.conf --authentication-kubeconfig=admin.conf \
  --authorization-kubeconfig=admin.conf --kubelet-certificate-authority=pki/ca.crt --bind-address="$figures" \
  --kubelet-preferred-address-types=InternalIP --secure-port=4443 --cert-dir="$run/metrics-server" --metric-resolution=15s \
  --kubelet-request-timeout=5s
in_ns kubectl apply -f - <<C
apiVersion: v1
kind: Service
metadata: {name: metrics-server, namespace: kube-system}
spec: {ports: [{port: 443, targetPort: 4443}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: metrics-server, namespace: kube-system}
subsets: [{addresses: [{ip: $figures}], ports: [{port: 4443}]}]
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io}
spec:
  {group: metrics.k8s.io, version: v1beta1, groupPriorityMinimum: 100, versionPriority: 100, insecureSkipTLSVerify: true,
   service: {name: metrics-server, namespace: kube-system}}
C
# It knows the pods of one node: those of the other are open to all here.
start kube-router kube-router --kubeconfig=admin.conf --hostname-override=node0 --run-firewall=true --run-router=false \
  --run-service-proxy=false --service-cluster-ip-range=$service_cidr
has_figures() { in_ns kubectl top nodes; }
wait_for 'metrics-server' has_figures
echo "ready: KUBECONFIG=$KUBECONFIG nsenter --net=/run/netns/$ns kubectl get nodes"
