#!/usr/bin/env bash
# Builds programs of the pipelines, the checks and the cluster on this machine, by name, into a folder. This is the one place
# that names their versions.
#
#   deploy/tools.sh OUT_DIR helm cosign
#
# All are Go modules, built here at exactly these versions: Go compares every source with its public checksum database, so
# what is built is what everybody gets under that version, and no binary or action of somebody else has to be trusted with
# the credentials of a release. One that is in the folder at its version already is left as it is.
set -euo pipefail
[ $# -ge 2 ] || {
  echo 'usage: tools.sh OUT_DIR NAME…' >&2
  exit 2
}
out=$(realpath -m "$1")
shift

package_of() {
  case $1 in
    actionlint) echo github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 ;;
    coredns) echo github.com/coredns/coredns@v1.12.4 ;;
    cosign) echo github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3 ;;
    crane) echo github.com/google/go-containerregistry/cmd/crane@v0.22.1 ;;
    helm) echo helm.sh/helm/v4/cmd/helm@v4.3.2 ;;
    istioctl) echo istio.io/istio/istioctl/cmd/istioctl@v0.0.0-20260827124520-eed52ebb66ad ;;
    kube-router) echo github.com/cloudnativelabs/kube-router/v2/cmd/kube-router@v2.1.0 ;;
    kubeconform) echo github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0 ;;
    metrics-server) echo sigs.k8s.io/metrics-server/cmd/metrics-server@v0.8.0 ;;
    syft) echo github.com/anchore/syft/cmd/syft@v1.57.1 ;;
    trivy) echo github.com/aquasecurity/trivy/cmd/trivy@v0.74.0 ;;
    *)
      echo "tools: $1 is not a program that is known here" >&2
      exit 2
      ;;
  esac
}

# Go writes into each program what it was made of.
is_there() { # name package version
  local made_of=$'\n\tpath\t'$2$'\n\tmod\t[^\t]+\t'$3$'\t'
  [[ $(go version -m "$out/$1" 2>/dev/null) =~ $made_of ]]
}

# In a module of its own, as another's program: `go install` refuses one whose module replaces others.
build() { # name package version
  mkdir "$work/$1"
  cd "$work/$1"
  printf 'module tools\ngo 1.24.0\n' >go.mod
  { go get -tool "$2@$3" && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$out/$1" "$2"; } >log 2>&1 || {
    tail -n 5 log >&2
    exit 1
  }
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for name; do
  package=$(package_of "$name")
  is_there "$name" "${package%@*}" "${package#*@}" && continue
  echo "tools: $package"
  build "$name" "${package%@*}" "${package#*@}"
done
