#!/bin/sh
# The smoke test that follows a rollout: one order from the shelf to its cancellation, through the gateway.
#
#   deploy/smoke.sh http://gateway.example
#
# It puts one piece of a product of its own on the shelf, orders it, sees the delivery prepared, cancels the order, sees the
# money and the piece come back, and empties the shelf again, so that no customer can buy what is only a test.
#
# Settings, all optional:
#   SMOKE_ITEMCD         the product's number, to be used for nothing else (default 9000000001)
#   SMOKE_PRICE          what one piece costs; with a real payment provider it is charged and refunded (default 1)
#   SMOKE_WAIT_SECONDS   how long each step may take until it shows (default 60)
#   SMOKE_LOGIN          name:password, where the way in asks for them (Basic)
#   SMOKE_AUDIT_URL      the address of customercenter, if it can be reached from here: then the auditor is asked, too
#
# Exit codes: 0 all of it holds; 1 something does not; 2 wrong usage; 3 the gateway is not ready.
set -eu

usage() {
  echo "usage: $0 URL-OF-THE-GATEWAY" >&2
  exit 2
}
[ $# -eq 1 ] || usage
case $1 in
  http://* | https://*) base=${1%/} ;;
  *) usage ;;
esac
command -v curl >/dev/null || { echo 'smoke: curl is not installed' >&2; exit 2; }

itemcd=${SMOKE_ITEMCD:-9000000001}
price=${SMOKE_PRICE:-1}
wait_seconds=${SMOKE_WAIT_SECONDS:-60}
# New with every run, so that a run never meets the order of another.
key="smoke-$(date +%s)-$$"

work=$(mktemp -d)
[ -z "${SMOKE_LOGIN:-}" ] || printf 'default login %s password %s\n' "${SMOKE_LOGIN%%:*}" "${SMOKE_LOGIN#*:}" >"$work/netrc"
order=''
stocked=''

say() { printf 'smoke: %s\n' "$*"; }
fail() {
  say "FAILED: $1" >&2
  exit "${2:-1}"
}

# request METHOD PATH-OR-URL [JSON [HEADER]]: leaves the answer in $body and its status in $status, 000 if there was none.
request() {
  case $2 in
    http*) url=$2 ;;
    *) url=$base$2 ;;
  esac
  if [ -n "${3:-}" ]; then
    set -- "$1" "$url" --header 'content-type: application/json' --data "$3" ${4:+--header "$4"}
  else
    set -- "$1" "$url"
  fi
  method=$1
  shift
  : >"$work/body"
  status=$(curl --silent --show-error --connect-timeout 5 --max-time 20 --request "$method" \
    --netrc-optional --netrc-file "$work/netrc" --output "$work/body" --write-out '%{http_code}' "$@" 2>"$work/error") || status=000
  body=$(cat "$work/body")
  answer="$status $body"
  [ "$status" != 000 ] || answer=$(cat "$work/error")
}

# field NAME: the value of a string or number of the resource in $body; what its lists have, behind a "[", is not looked at.
field() { printf '%s' "$body" | sed -n "s/^[^[]*[{,]\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p" | head -n 1; }

# until_shows WHAT PATH NAME VALUE...: asks until each field has its value, or one of those between "|". A request that fails
# is not yet a failure, since a replica may be replaced at that moment.
until_shows() {
  what=$1 path=$2
  shift 2
  until=$(($(date +%s) + wait_seconds))
  while :; do
    request GET "$path"
    if [ "$status" = 200 ] && shows "$@"; then
      say "$what"
      return
    fi
    [ "$(date +%s)" -lt "$until" ] ||
      fail "not seen within $wait_seconds s: $what; the last answer to GET $path was: $answer"
    sleep 1
  done
}
shows() {
  while [ $# -gt 1 ]; do
    case "|$2|" in
      *"|$(field "$1")|"*) ;;
      *) return 1 ;;
    esac
    shift 2
  done
}

# Whatever happened, no paid order stays, and nothing on the shelf.
clean_up() {
  code=$?
  trap - EXIT
  if [ -n "$order" ]; then
    request DELETE "/orders/$order?reason=smoke"
    [ "$status" = 204 ] || say "order $order could not be canceled and has to be by hand: $answer" >&2
  fi
  if [ -n "$stocked" ]; then
    request PATCH "/products/$itemcd" '{"totalQuantity":0}'
    [ "$status" = 200 ] || say "product $itemcd could not be taken off the shelf: $answer" >&2
  fi
  rm -rf "$work"
  exit "$code"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

until=$(($(date +%s) + wait_seconds))
while :; do
  request GET /actuator/health/readiness
  [ "$status" != 200 ] || break
  [ "$(date +%s)" -lt "$until" ] || fail "the gateway at $base is not ready: $answer" 3
  sleep 1
done
say "the gateway at $base is ready"

# An order of a run that was told "not known yet" may have come to stand afterwards.
for state in ordered deliveryPrepared; do
  request GET "/myPages/search/find?itemcd=$itemcd&status=$state"
  [ "$status" = 200 ] || fail "the orders of earlier runs could not be looked for: $answer"
  for left in $(printf '%s' "$body" | tr '{,' '[\n*]' | sed -n 's/^"orderId":\([0-9]*\)$/\1/p'); do
    request DELETE "/orders/$left?reason=smoke"
    [ "$status" = 204 ] || fail "order $left, left by an earlier run, could not be canceled: $answer"
    until_shows "order $left, left by an earlier run, is canceled" "/myPages/$left" payStatus canceled
  done
done

request POST /products "{\"itemcd\":$itemcd,\"name\":\"smoke test\",\"price\":$price,\"totalQuantity\":1}"
if [ "$status" = 409 ]; then
  # It is there from the run before.
  request PATCH "/products/$itemcd" "{\"price\":$price,\"totalQuantity\":1}"
fi
case $status in
  200 | 201) stocked=yes ;;
  *) fail "product $itemcd could not be put on the shelf: $answer" ;;
esac
say "product $itemcd is on the shelf, one piece"

wish="{\"itemcd\":$itemcd,\"orderQty\":1,\"price\":$price}"
request POST /orders "$wish" "Idempotency-Key: $key"
# Without an answer, or with a 503, it is not known yet whether there is an order; asked again under its key, it is the same
# one.
until=$(($(date +%s) + wait_seconds))
while [ "$status" = 000 ] || [ "$status" = 503 ]; do
  [ "$(date +%s)" -lt "$until" ] ||
    fail "the order was not taken within $wait_seconds s, and may yet stand, under the key $key; the last answer was: $answer"
  sleep 1
  request POST /orders "$wish" "Idempotency-Key: $key"
done
[ "$status" = 201 ] || fail "the order was not taken: $answer"
order=$(field id)
[ -n "$order" ] || fail "the order's answer has no id: $answer"
say "order $order is paid"

request POST /orders "$wish" "Idempotency-Key: $key"
[ "$status" = 201 ] || fail "the order, repeated under its Idempotency-Key, was refused: $answer"
again=$(field id)
if [ "$again" != "$order" ]; then
  request DELETE "/orders/$again?reason=smoke"
  fail "repeated under its Idempotency-Key, order $order became order $again"
fi
say "repeated, it is the same order"

# "ordered" comes with the answer; "deliveryPrepared" only by way of the events of product, delivery and customercenter.
until_shows "the view shows order $order paid and its delivery requested" "/myPages/$order" \
  status deliveryPrepared payStatus approved deliveryStatus deliveryRequested

request DELETE "/orders/$order?reason=smoke"
[ "$status" = 204 ] || fail "order $order could not be canceled: $answer"
canceled=$order
order=''
until_shows "the view shows order $canceled canceled, its payment refunded and its delivery called off" "/myPages/$canceled" \
  status orderCanceled payStatus canceled deliveryStatus deliveryCanceled
# More than one, where an earlier run's piece came back as well.
until_shows "the piece is back on the shelf" "/products/$itemcd" availableQuantity '1|2|3'

if [ -n "${SMOKE_AUDIT_URL:-}" ]; then
  request GET "${SMOKE_AUDIT_URL%/}/audit"
  if [ "$status" != 200 ]; then
    say "the auditor was not asked, since it cannot be reached: $answer"
  else
    case $(field status) in
      clean) say 'the auditor finds no difference' ;;
      # It says so until its first pass has ended, and while a replica is replaced.
      unknown) say 'the auditor does not know yet whether all services agree' ;;
      *) fail "the auditor finds differences: $body" ;;
    esac
  fi
fi

say 'all of it holds'
