#!/bin/sh
# Rolls one image out to the namespace of the current kubeconfig, and back again where it does not hold.
#
# Settings:
#   IMAGE           the repository, without tag
#   DIGEST          sha256:…, what is rolled out
#   VERSION         the tag, for people to read; the digest decides
#   NAMESPACE       where
#   GATEWAY_URL     where the smoke test reaches the gateway
#   RELEASE         the release's name (default jumun)
#   PROFILE         the chart's values-PROFILE.yaml, as in prod (default none)
#   HELM_VALUES     the environment's own values, as YAML, over those (default none)
#   ROLLOUT_TIMEOUT how long Helm waits for each step (default 10m)
#
# Exit codes: 0 it is there and holds; 1 it is not, and what was there before is again, if anything was, or it says that a person
# has to look; 2 wrong usage.
set -eu

say() { printf 'rollout: %s\n' "$*"; }
for name in IMAGE DIGEST VERSION NAMESPACE GATEWAY_URL; do
  eval "value=\${$name:-}"
  [ -n "$value" ] || { say "$name is not set" >&2; exit 2; }
done
case $DIGEST in
  sha256:*) ;;
  *) say "DIGEST has to begin with sha256: and is $DIGEST" >&2; exit 2 ;;
esac
release=${RELEASE:-jumun}
timeout=${ROLLOUT_TIMEOUT:-10m}
here=$(dirname "$0")

values=$(mktemp)
trap 'rm -f "$values"' EXIT
printf '%s\n' "${HELM_VALUES:-}" >"$values"
twice=$(grep -o '^[[:alpha:]]*:' "$values" | sort | uniq -d | tr -d '\n')
[ -z "$twice" ] || { say "HELM_VALUES has $twice twice, of which Helm would take one" >&2; exit 2; }
if [ -n "${PROFILE:-}" ]; then
  [ -f "$here/helm/jumun/values-$PROFILE.yaml" ] || { say "there is no PROFILE $PROFILE" >&2; exit 2; }
  set -- --values "$here/helm/jumun/values-$PROFILE.yaml"
fi

# The revision that serves now. The last one need not be it: an upgrade that failed leaves one, too.
before=$(helm list --namespace "$NAMESPACE" --filter "^$release\$" --deployed --no-headers)
before=$(printf '%s\n' "$before" | awk '{ print $3 }')
say "$release in $NAMESPACE is at revision ${before:-none}; next is $VERSION, $DIGEST"

# Values come from the chart and the environment alone, never from the upgrade before: a contract migration that was once
# asked for by hand would otherwise run again with every rollout.
helm upgrade "$release" "$here/helm/jumun" --install --namespace "$NAMESPACE" --reset-values "$@" --values "$values" \
  --set-string "image.repository=$IMAGE" --set-string "image.tag=$VERSION" --set-string "image.digest=$DIGEST" \
  --set migrations.contract=false --rollback-on-failure --wait --timeout "$timeout" || {
  # Helm's own way back may have failed as well, or an upgrade that was cut off may hold this one up.
  status=$(helm status "$release" --namespace "$NAMESPACE" --color never | sed -n 's/^STATUS: *//p')
  case ${before:+there}/$status in
    there/deployed) say "$VERSION did not become ready, and what was before it serves" >&2 ;;
    /) say "$VERSION did not become ready, and nothing is there, as before" >&2 ;;
    *) say "$VERSION did not become ready AND the release is ${status:-gone}: a person has to look at $NAMESPACE" >&2 ;;
  esac
  exit 1
}

failed=''
helm test "$release" --namespace "$NAMESPACE" --logs --timeout "$timeout" || failed="the chart's own tests"
[ -n "$failed" ] || "$here/smoke.sh" "$GATEWAY_URL" || failed='the smoke test'
if [ -z "$failed" ]; then
  say "$VERSION is there and holds"
  exit 0
fi

say "$VERSION became ready, but $failed failed" >&2
if [ -z "$before" ]; then
  say 'nothing was there before, so it is left as it is' >&2
elif helm rollback "$release" "$before" --namespace "$NAMESPACE" --wait --timeout "$timeout"; then
  say "revision $before serves again" >&2
else
  say "AND the rollback to revision $before failed: a person has to look at $NAMESPACE" >&2
fi
exit 1
