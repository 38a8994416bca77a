#!/bin/sh
# Installs the programs of the pipelines, by name: helm, cosign, syft, trivy, crane.
#
#   deploy/tools.sh helm cosign
#
# All are Go modules, built here at exactly these versions: Go compares every source with its public checksum database, so
# what is built is what everybody gets under that version, and no binary or action of somebody else has to be trusted with
# the credentials of a release.
set -eu

for tool; do
  case $tool in
    helm) module=helm.sh/helm/v4/cmd/helm@v4.3.2 ;;
    cosign) module=github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3 ;;
    syft) module=github.com/anchore/syft/cmd/syft@v1.57.1 ;;
    trivy) module=github.com/aquasecurity/trivy/cmd/trivy@v0.74.0 ;;
    crane) module=github.com/google/go-containerregistry/cmd/crane@v0.22.1 ;;
    *)
      echo "tools: $tool is not one of helm, cosign, syft, trivy, crane" >&2
      exit 2
      ;;
  esac
  echo "tools: $module"
  CGO_ENABLED=0 go install "$module"
done
