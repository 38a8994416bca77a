#!/usr/bin/env bash
# Checks what is handed to Kubernetes, and the pipelines, without a cluster: each chart with each set of values against the
# schemas of Kubernetes and of what runs on it, the charts by helm lint, the mesh by istioctl where that is on the PATH, the
# workflows by actionlint, and the scripts by the shells that run them.
#
#   deploy/validate.sh        needs helm, kubeconform and actionlint on the PATH (deploy/tools.sh builds them); the first time,
#                             Go, Node and npm's packages
#
# The schemas stay in .k8s/schemas. What is left out for want of a schema or of a program is said with SKIPPED.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
schemas=.k8s/schemas
status=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
step() { printf '\n== %s\n' "$*"; }
# The rest is checked all the same, so that one run shows all that is wrong.
check() {
  "$@" || {
    echo "FAILED: $*"
    status=1
  }
}

for tool in helm kubeconform actionlint; do
  type "$tool" >/dev/null 2>&1 || {
    echo "validate: $tool is not on the PATH" >&2
    exit 2
  }
done

step schemas
# Made anew when the program is another: it names the versions.
made=$(cat tests/deploy/{go-modules,schemas}.ts | cksum)
if [ "$(cat $schemas/made 2>/dev/null)" != "$made" ]; then
  node --import tsx tests/deploy/schemas.ts $schemas
  # A module that could not be had is asked for again the next time.
  [ -s $schemas/missing.txt ] || echo "$made" >$schemas/made
fi
echo "$(find $schemas -name '*.json' | wc -l) kinds"
sed 's/^/SKIPPED: its kinds, since it could not be had: /' $schemas/missing.txt

# Operators whose definitions come with no Go module that is to be had. Their kinds, and no others, go unchecked.
unknown=()
for kind in postgresql.cnpg.io/v1/{Cluster,Database,ScheduledBackup} barmancloud.cnpg.io/v1/ObjectStore \
  kafka.strimzi.io/v1/{Kafka,KafkaNodePool,KafkaTopic,KafkaUser}; do
  unknown+=("$kind")
done
# And those of a module that was refused today.
while IFS= read -r line; do
  case $line in
    istio.io/api@*) unknown+=(networking.istio.io/v1/{DestinationRule,VirtualService} security.istio.io/v1/{AuthorizationPolicy,PeerAuthentication}) ;;
    sigs.k8s.io/gateway-api@*) unknown+=(gateway.networking.k8s.io/v1/HTTPRoute) ;;
    github.com/kedacore/*) unknown+=(keda.sh/v1alpha1/{ScaledObject,TriggerAuthentication}) ;;
    github.com/prometheus-operator/*) unknown+=(monitoring.coreos.com/v1/{PodMonitor,PrometheusRule}) ;;
  esac
done <$schemas/missing.txt

manifests() { # name file
  check kubeconform -strict -summary -skip "$(IFS=,; echo "${unknown[*]}")" \
    -schema-location "$schemas/{{.ResourceKind}}-{{.Group}}-{{.ResourceAPIVersion}}.json" "$2"
  local kind
  for kind in "${unknown[@]}"; do
    # Every document has its apiVersion right before its kind.
    if grep -A1 "^apiVersion: ${kind%/*}$" "$2" | grep -q "^kind: ${kind##*/}$"; then
      echo "SKIPPED: $kind in $1, for want of a schema"
    fi
  done
}

chart() { # folder, name of the values, options
  local folder=$1 name
  name="$(basename "$1") with $2"
  shift 2
  step "$name"
  check helm lint --strict --quiet "$folder" "$@"
  if helm template jumun "$folder" --namespace jumun "$@" >"$work/rendered.yaml"; then
    manifests "$name" "$work/rendered.yaml"
  else
    echo "FAILED: helm template $folder $*"
    status=1
    : >"$work/rendered.yaml"
  fi
}

jumun=deploy/helm/jumun
chart $jumun 'its own values'
chart $jumun values-dev -f $jumun/values-dev.yaml
chart $jumun 'values-prod and values-site' -f $jumun/values-prod.yaml -f $jumun/values-site.yaml
# What the others leave out: no Kafka, no policies, and a way in without TLS.
chart $jumun 'little on' --set kafka.brokers=,ingress.enabled=true,networkPolicies.enabled=false,monitoring.scrape=false
chart $jumun 'everything on' -f tests/deploy/everything.yaml

step 'the mesh'
if type istioctl >/dev/null 2>&1; then
  {
    printf 'apiVersion: v1\nkind: Namespace\nmetadata: {name: jumun, labels: {istio-injection: enabled}}\n---\n'
    cat "$work/rendered.yaml"
  } >"$work/mesh.yaml"
  check istioctl analyze --use-kube=false --failure-threshold Warning -n jumun "$work/mesh.yaml"
else
  echo 'SKIPPED: istioctl is not on the PATH'
fi

data=deploy/helm/jumun-data
chart $data 'its own values'
chart $data 'plain databases' --set mode=plain
chart $data 'values-prod and values-site' -f $data/values-prod.yaml -f $data/values-site.yaml

for file in deploy/data/*.yaml; do
  [ -f "$file" ] || continue
  step "$file"
  manifests "$file" "$file"
done

step workflows
check actionlint .github/workflows/*.yaml

step scripts
while IFS= read -r file; do
  read -r first <"$file" || true
  case $first in
    '#!'*bash*) check bash -n "$file" ;;
    *) check sh -n "$file" ;;
  esac
done < <(find deploy .ci \( -name '*.sh' -o -name run \) -type f | sort)

step "$([ $status = 0 ] && echo 'all of it holds' || echo 'something does not hold')"
exit $status
