#!/usr/bin/env bash
# Builds Kubernetes, its add-ons and the tools from Go modules, those that are not there yet. usage: binaries.sh OUT_DIR
set -euo pipefail
here=$(dirname "$(realpath "$0")")
out=$(realpath -m "${1:?usage: binaries.sh OUT_DIR}")
kubernetes=1.33.4
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CGO_ENABLED=0

kubernetes() {
  local components=(kubelet kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubectl) missing=() c
  for c in "${components[@]}"; do [ -x "$out/$c" ] || missing+=("$c"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "building ${missing[*]}"
  mkdir "$work/kubernetes" && cd "$work/kubernetes"
  {
    printf 'module tools\ngo 1.24.0\nrequire k8s.io/kubernetes v%s\n' $kubernetes
    for c in api apiextensions-apiserver apimachinery apiserver cli-runtime client-go cloud-provider cluster-bootstrap \
      code-generator component-base component-helpers controller-manager cri-api cri-client csi-translation-lib \
      dynamic-resource-allocation endpointslice externaljwt kms kube-aggregator kube-controller-manager kube-proxy \
      kube-scheduler kubectl kubelet metrics mount-utils pod-security-admission sample-apiserver sample-cli-plugin \
      sample-controller; do
      printf 'replace k8s.io/%s => k8s.io/%s v0.%s\n' "$c" "$c" "${kubernetes#*.}"
    done
  } >go.mod
  {
    printf '//go:build tools\npackage main\nimport (\n'
    for c in "${components[@]}"; do printf '_ "k8s.io/kubernetes/cmd/%s"\n' "$c"; done
    printf ')\n'
  } >tools.go
  go mod tidy -e >log 2>&1 || { tail -n 5 log; exit 1; }
  local stamp="-s -w" p
  for p in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    stamp+=" -X $p.gitVersion=v$kubernetes -X $p.gitMajor=1 -X $p.gitMinor=33"
  done
  for c in "${missing[@]}"; do
    go build -trimpath -ldflags "$stamp" -o "$out/$c" "k8s.io/kubernetes/cmd/$c"
  done
}

# What a pod's sandbox runs: it waits for a signal.
pause() {
  [ -x "$out/pause" ] && return
  mkdir "$work/pause" && cd "$work/pause"
  cat >main.go <<'GO'
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGINT, syscall.SIGTERM)
	<-told
}
GO
  go build -ldflags '-s -w' -o "$out/pause" main.go
}

kubernetes
pause
"$here/../tools.sh" "$out" helm coredns metrics-server kube-router
