#!/usr/bin/env bash
# The main job of Tradepost, told with curl against a running server, every answer checked:
# a merchant imports products and license keys and approves a reseller with a credit limit; the reseller orders on
# credit, what does not fit is held, a payment releases it, and the reseller hands licenses on to customers.
#
#   SERVER_URL      http://127.0.0.1:8080
#   MERCHANT_KEY    a merchant's API key with all rights (tradepost merchant create … --json prints one)
#   OUT             the file that the reseller's codes go to (default: a temporary one)
set -euo pipefail
cd "$(dirname "$0")"
url="${SERVER_URL:-http://127.0.0.1:8080}"
: "${MERCHANT_KEY:?set it to the key that tradepost merchant create printed}"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
out="${OUT:-$work/codes.csv}"
run="$(date +%s)-$$"

fail() { echo "FAILED: $*" >&2; echo "  the answer was: $(head -c 1500 "$work/answer")" >&2; exit 1; }
step() { echo "· $*"; }

# call EXPECTED_STATUS KEY METHOD PATH [BODY|@FILE] [MORE CURL ARGUMENTS…]: the answer is in $work/answer.
call() {
  local expected="$1" key="$2" method="$3" path="$4" body="${5:-}" status
  local arguments=(-sS -o "$work/answer" -w '%{http_code}' -X "$method" -H "Authorization: Bearer $key")
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

step "the server is ready"
curl -fsS "$url/health/ready" >/dev/null

step "the catalog comes from products.csv: first a dry run, then in earnest"
merchant 200 POST '/v1/merchant/products/imports?dry_run=true' @products.csv
expect .created 15
expect .errors 0
merchant 200 POST /v1/merchant/products/imports @products.csv
expect .created 15
merchant 200 GET '/v1/merchant/products?limit=200'
cp "$work/answer" "$work/products"
expect '.data | length' 15

step "the keys come from license-keys.csv"
merchant 200 POST '/v1/merchant/license-keys/imports?dry_run=true' @license-keys.csv
expect .malformed.count 0
merchant 201 POST /v1/merchant/license-keys/imports @license-keys.csv
merchant 200 GET "/v1/merchant/stock/$(jq -r '.data[] | select(.sku == "NW-OFFICE").id' "$work/products")"
expect .available 100

step "the channel's price list offers every product; variants follow their parents"
merchant 200 GET /v1/merchant/channels
price_list="$(get '.data[0].price_list')"
for product in $(jq -r '.data[] | select(.parent == null).id' "$work/products"); do
  merchant 204 PUT "/v1/merchant/price-lists/$price_list/products/$product"
done

step "a reseller is made by hand: approved at once"
merchant 201 POST /v1/merchant/resellers "$(jq -n --arg email "ada-$run@acme.example" \
  '{company: "Acme Resellers", first_name: "Ada", last_name: "Byron", email: $email, street: "Main St 5", city: "Boston", country: "US"}')"
partnership="$(get .id)"
expect .status approved

step "its terms: 20 % off, a credit limit of 3,000.00 USD"
merchant 200 PATCH "/v1/merchant/partnerships/$partnership/terms" \
  '{"wholesale_discount_percent": "20", "credit_limit": {"amount": "3000.00", "currency": "USD"}}'

step "a key for its own systems, shown this once"
merchant 201 POST "/v1/merchant/partnerships/$partnership/api-keys" \
  '{"name": "shop", "scopes": ["program.read", "orders.read", "orders.place", "licenses.distribute", "invoices.read"]}'
PARTNERSHIP_KEY="$(get .secret)"

step "the reseller sees its price: 91.00 from 10 on, less 20 %"
reseller 200 GET '/v1/reseller/products/NW-OFFICE/price?quantity=25'
expect .unit_price.amount 72.80
expect .total.amount 1820.00

step "a draft with an item, one more item, and a reference of its own"
reseller 201 POST /v1/reseller/orders '{"reference": "PO 4711", "items": [{"product": "NW-OFFICE", "quantity": 25}]}'
order="$(get .id)"
expect .state draft
reseller 200 POST "/v1/reseller/orders/$order/items" '{"product": "NW-VAULT", "quantity": 5}'
expect '.items | length' 2

step "it is confirmed and released on credit: 1,820.00 + 104.00"
reseller 200 POST "/v1/reseller/orders/$order/confirm" '' -H "Idempotency-Key: confirm-$run"
expect .total.amount 1924.00
number="$(get .number)"
reseller 200 POST "/v1/reseller/orders/$order/confirm" '' -H "Idempotency-Key: confirm-$run"
expect .number "$number"
reseller 409 PATCH "/v1/reseller/orders/$order" '{"reference": "PO 4712"}'
expect .code order_confirmed

step "the credit is used"
reseller 200 GET /v1/reseller/credit
expect .limit.amount 3000.00
expect .used.amount 1924.00
expect .available.amount 1076.00

step "its codes are there: one CSV, 25 of them"
reseller 200 GET "/v1/reseller/licenses/active.csv?product=NW-OFFICE"
cp "$work/answer" "$out"
[ "$(($(wc -l <"$out") - 1))" = 25 ] || fail "$(wc -l <"$out") lines"
tail -n +2 "$out" | tr -d '\r' | awk -F, '{print $NF}' | while read -r code; do
  grep -q "^NW-OFFICE,$code$" license-keys.csv || fail "$code was never imported"
done

step "a license is activated for a customer and sent to them"
reseller 200 POST /v1/reseller/licenses/activate \
  '{"product": "NW-VAULT", "owner": {"first_name": "Grace", "last_name": "Hopper", "email": "grace@example.org"}}'
license="$(get '.id // .license.id')"
reseller 200 POST "/v1/reseller/licenses/$license/send"

step "a second order does not fit: held as a whole"
reseller 201 POST /v1/reseller/orders '{"reference": "PO 4712", "items": [{"product": "NW-BACKUP-SRV", "quantity": 4}]}'
held="$(get .id)"
reseller 200 POST "/v1/reseller/orders/$held/confirm"
expect .state awaiting_payment
expect .total.amount 1148.80
expect .held true
reseller 409 GET "/v1/reseller/orders/$held/licenses.csv"

step "the merchant records a check over the first invoice, and the held order is released"
merchant 200 GET "/v1/merchant/invoices?partnership=$partnership"
invoice="$(get '[.data[] | select(.total.amount == "1924.00")][0].id')"
merchant 201 POST "/v1/merchant/invoices/$invoice/payments" \
  "$(jq -n --arg day "$(date -u +%F)" '{amount: {amount: "1924.00", currency: "USD"}, method: "check", received_on: $day, reference: "check 17"}')"
merchant 200 GET "/v1/merchant/invoices/$invoice"
expect .status paid
reseller 200 GET "/v1/reseller/orders/$order"
expect .state complete
reseller 200 GET "/v1/reseller/orders/$held/licenses.csv"
[ "$(($(wc -l <"$work/answer") - 1))" = 4 ] || fail "the held order has no 4 codes"

step "the mails are in the log: one for each order, one for the license"
for _ in $(seq 50); do
  merchant 200 GET '/v1/merchant/messages?limit=200'
  [ "$(get '[.data[] | select(.template == "order_placed")] | length')" -ge 2 ] && break
  sleep 0.1
done
expect '[.data[] | select(.template == "order_placed")] | length' 2
expect '[.data[] | select(.template == "license_sent" and .recipient == "grace@example.org")] | length > 0' true

echo "done: the reseller's codes are in $out"
head -3 "$out"
