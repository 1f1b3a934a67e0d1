#!/usr/bin/env bash
# An external shop, told with curl against a running server, every answer checked: a reseller tops its prepaid balance up,
# and its own shop fulfills a sale after its customer paid. The shop repeats a call whose answer it lost, and is neither
# charged nor served twice; what the balance does not cover changes nothing; the statement adds up.
#
#   SERVER_URL      http://127.0.0.1:8080
#   MERCHANT_KEY    a merchant's API key with all rights (tradepost merchant create … --json prints one)
set -euo pipefail
url="${SERVER_URL:-http://127.0.0.1:8080}"
: "${MERCHANT_KEY:?set it to the key that tradepost merchant create printed}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
run="$(date +%s)-$$"
sku="SHOP-$run"

fail() { echo "FAILED: $*" >&2; echo "  the answer was: $(head -c 1500 "$work/answer")" >&2; exit 1; }
step() { echo "· $*"; }

# call EXPECTED_STATUS KEY METHOD PATH [BODY|@FILE] [MORE CURL ARGUMENTS…]: the answer is in $work/answer.
call() {
  local expected="$1" key="$2" method="$3" path="$4" body="${5:-}" status
  local arguments=(-sS -o "$work/answer" -D "$work/head" -w '%{http_code}' -X "$method" -H "Authorization: Bearer $key")
  case "$body" in
    "") ;;
    @*) arguments+=(-H 'Content-Type: text/csv' --data-binary "$body") ;;
    *) arguments+=(-H 'Content-Type: application/json' --data "$body") ;;
  esac
  status="$(curl "${arguments[@]}" "${@:6}" "$url$path")"
  [ "$status" = "$expected" ] || fail "$method $path answered $status, not $expected"
}
get() { jq -r "$1" "$work/answer"; }
# expect FILTER VALUE: the answer says so.
expect() { [ "$(get "$1")" = "$2" ] || fail "$1 is $(get "$1"), not $2"; }
merchant() { local expected="$1"; shift; call "$expected" "$MERCHANT_KEY" "$@"; }
reseller() { local expected="$1"; shift; call "$expected" "$PARTNERSHIP_KEY" "$@"; }
# sale EXTERNAL_ORDER_ID QUANTITY: what the shop says of a sale.
sale() {
  jq -n --arg order "$1" --arg product "$sku" --argjson quantity "$2" \
    '{external_order_id: $order, product: $product, quantity: $quantity, customer_email: "grace@example.org"}'
}

step "the server is ready"
curl -fsS "$url/health/ready" >/dev/null

step "a product at 26.00 with five keys, in the channel's price list"
merchant 201 POST /v1/merchant/products "$(jq -n --arg sku "$sku" '{sku: $sku, name: "Studio Pro"}')"
product="$(get .id)"
merchant 200 PUT "/v1/merchant/products/$product/prices" \
  '{"currency": "USD", "tiers": [{"unit_price": {"amount": "26.00", "currency": "USD"}}]}'
merchant 200 GET /v1/merchant/channels
merchant 204 PUT "/v1/merchant/price-lists/$(get '.data[0].price_list')/products/$product"
{ echo "sku,code"; for n in 1 2 3 4 5; do echo "$sku,CODE-$run-$n"; done; } >"$work/keys.csv"
merchant 201 POST /v1/merchant/license-keys/imports "@$work/keys.csv"

step "a reseller with a shop of its own, and the key that the shop uses"
merchant 201 POST /v1/merchant/resellers "$(jq -n --arg email "shop-$run@acme.example" \
  '{company: "Acme Shop", first_name: "Ada", last_name: "Byron", email: $email, country: "US"}')"
partnership="$(get .id)"
merchant 201 POST "/v1/merchant/partnerships/$partnership/api-keys" \
  '{"name": "shop", "scopes": ["fulfillments.create", "fulfillments.read", "balance.manage", "invoices.read"]}'
PARTNERSHIP_KEY="$(get .secret)"

step "without a balance nothing is fulfilled"
reseller 402 POST /v1/reseller/fulfillments "$(sale "EXT-1-$run" 1)"
expect .code insufficient_balance

step "the reseller asks for a top-up of 100.00; the invoice alone is no balance"
reseller 201 POST /v1/reseller/top-ups '{"amount": {"amount": "100.00", "currency": "USD"}, "reference": "Top-up 1"}'
top_up="$(get .id)"
expect .kind top_up
expect .status unpaid
reseller 200 GET /v1/reseller/balance
expect .balance.amount 0.00
expect .open_top_ups[0].invoice "$top_up"

step "the merchant records the wire, and the balance is there"
merchant 201 POST "/v1/merchant/invoices/$top_up/payments" \
  "$(jq -n --arg day "$(date -u +%F)" '{amount: {amount: "100.00", currency: "USD"}, method: "wire", received_on: $day, reference: "W-1"}')"
expect .status paid
reseller 200 GET /v1/reseller/balance
expect .balance.amount 100.00

step "a sale of two: debited, claimed, delivered, the codes are in the answer"
reseller 201 POST /v1/reseller/fulfillments "$(sale "EXT-1-$run" 2)" -H "Idempotency-Key: ext-1-$run"
fulfillment="$(get .id)"
expect .status delivered
expect .total_cost.amount 52.00
expect .balance_after.amount 48.00
expect '.items | length' 2
cp "$work/answer" "$work/first"
jq -r '.items[].code' "$work/first" | while read -r code; do grep -q "^$sku,$code$" "$work/keys.csv" || fail "$code was never imported"; done

step "the same call again, as after a lost answer: the same codes, nothing charged"
reseller 201 POST /v1/reseller/fulfillments "$(sale "EXT-1-$run" 2)" -H "Idempotency-Key: ext-1-$run"
grep -qi '^idempotency-replayed: true' "$work/head" || fail "it is not said to be a repeated call"
cmp -s <(jq -S . "$work/first") <(jq -S . "$work/answer") || fail "the repeated call was answered differently"
reseller 201 POST /v1/reseller/fulfillments "$(sale "EXT-1-$run" 2)" -H "Idempotency-Key: another-$run"
expect .id "$fulfillment"

step "another body under the same key, other contents under the same order id: refused"
reseller 422 POST /v1/reseller/fulfillments "$(sale "EXT-1-$run" 1)" -H "Idempotency-Key: ext-1-$run"
expect .code idempotency_key_reused
reseller 409 POST /v1/reseller/fulfillments "$(sale "EXT-1-$run" 1)"
expect .code external_order_conflict

step "more than the balance: 402, and nothing moved"
reseller 402 POST /v1/reseller/fulfillments "$(sale "EXT-2-$run" 2)"
expect .code insufficient_balance
reseller 200 GET /v1/reseller/balance
expect .balance.amount 48.00

step "it is read again, by its own id and by the shop's"
reseller 200 GET "/v1/reseller/fulfillments/$fulfillment"
expect '.items | length' 2
reseller 200 GET "/v1/reseller/fulfillments?external_order_id=EXT-1-$run"
expect '.data[0].id' "$fulfillment"

step "the next sale leaves less than 30.00, and a top-up is issued by itself"
reseller 200 PATCH /v1/reseller/auto-top-up \
  '{"threshold": {"amount": "30.00", "currency": "USD"}, "target": {"amount": "200.00", "currency": "USD"}}'
reseller 201 POST /v1/reseller/fulfillments "$(sale "EXT-3-$run" 1)"
expect .balance_after.amount 22.00
reseller 200 GET /v1/reseller/balance
expect '.open_top_ups | length' 1
expect .open_top_ups[0].automatic true
expect .open_top_ups[0].total.amount 178.00

step "the statement has every movement with the balance after it, and the file says the same"
reseller 200 GET /v1/reseller/balance/statement
expect '[.data[] | .kind + " " + .amount.amount + " " + .balance_after.amount] | join("; ")' \
  "fulfillment -26.00 22.00; fulfillment -52.00 48.00; top_up 100.00 100.00"
jq -r '.data[] | [.id, .amount.amount, .balance_after.amount] | join(",")' "$work/answer" >"$work/told"
reseller 200 GET /v1/reseller/balance/statement '' -H 'Accept: text/csv'
tail -n +2 "$work/answer" | tr -d '\r' | cut -d, -f1,4,5 | cmp -s - "$work/told" || fail "the file differs from the list"

echo "done: two codes of $fulfillment, one more, 22.00 left"
