"""Has schemathesis ask about what is there: made-up ids and names only ever hear that there is no such thing.

Ids and fields are learned from answers, and put into later requests in place of some of what was made up. What is known is
kept in the file FUZZ_KNOWN, so that the next role knows what the one before it made. `reached` counts the operations that
succeeded at least once.
"""
import atexit
import json
import os
import random
import re
import time

import schemathesis

KNOWN = os.environ["FUZZ_KNOWN"]
ID = re.compile(r"^[a-z]{3}_[0-9a-z]{26}$")
# Of what is remembered under a name; the oldest goes.
MOST = 40
# What would end the partnership that the others ask about.
ENDS = re.compile(r"/(block|close|suspend|deny)$")

with open(KNOWN) as file:
    # By the path of a collection: ids of its members. By a field's name: what stood in it.
    known = json.load(file)
chance = random.Random(int(os.environ.get("FUZZ_SEED", "1")))


def remember(kind, name, value):
    values = known.setdefault(kind, {}).setdefault(name, [])
    if value not in values:
        values.append(value)
        if kind != "reached":
            del values[:-MOST]


def learn(name, value):
    """Everything in an answer that is an id or names a thing, by the name of its field."""
    if isinstance(value, dict):
        for key, inner in value.items():
            learn(key, inner)
    elif isinstance(value, list):
        for inner in value[:50]:
            learn(name, inner)
    elif isinstance(value, str) and (ID.match(value) or name in ("sku", "currency", "email")):
        remember("fields", name, value)


def known_for(name):
    fields = known.get("fields", {})
    # A list of ids is named in the plural.
    return fields.get(name) or fields.get(name.rstrip("s")) or []


def put(name, value):
    """What was made up, or something known in its place."""
    if isinstance(value, dict):
        return {key: put(key, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [put(name, inner) for inner in value]
    if isinstance(value, str) and (values := known_for(name)) and chance.random() < 0.8:
        return chance.choice(values)
    return value


@schemathesis.hook
def before_call(context, case, kwargs):
    path = case.operation.path
    if case.meta and getattr(case.meta.phase.data, "parameter", None) == "Authorization":
        # What is told without a key, or with a wrong one: a changed case would be given the right one again.
        return
    # Made up, each of these alone is a 404 or a 412: most calls go without.
    for name in ("Tradepost-Merchant", "Tradepost-Partnership", "If-Match"):
        if case.headers and name in case.headers and chance.random() < 0.95:
            del case.headers[name]
    if path.startswith("/d/"):
        # A dynamic URL answers twenty a second, and thirty that open nothing keep their address out; no variant that was made up
        # is one of a product's.
        time.sleep(0.055)
        if chance.random() < 0.95:
            case.path_parameters["token"] = known["token"]
        for place in (case.query, case.body):
            if isinstance(place, dict):
                place.pop("variant", None)
    else:
        for name in list(case.path_parameters or {}):
            before = path.split("/{" + name + "}")[0]
            values = known.get("members", {}).get(before) or known_for(name)
            if values and chance.random() < 0.8:
                case.path_parameters[name] = chance.choice(values)
    if isinstance(case.query, dict):
        case.query = put("", case.query)
        if chance.random() < 0.95:
            case.query.pop("cursor", None)
    if isinstance(case.body, (dict, list)):
        case.body = put("", case.body)
    # Whoever switches off its own key hears 401 from there on. schemathesis learns ids too.
    for name, value in (case.path_parameters or {}).items():
        if value in known["own"] or (value == known["partnership"] and ENDS.search(path)):
            case.path_parameters[name] = "key_00000000000000000000000000"


@schemathesis.hook
def after_call(context, case, response):
    operation = f"{case.method.upper()} {case.operation.path}"
    try:
        body = response.json()
    except ValueError:
        body = None
    if not 200 <= response.status_code < 300:
        # Why not, and how often: for whoever wonders what it does not come to.
        why = f"{response.status_code} {body.get('code', '')}" if isinstance(body, dict) else str(response.status_code)
        counts = known.setdefault("refused", {}).setdefault(operation, {})
        counts[why] = counts.get(why, 0) + 1
        return
    remember("reached", os.environ["FUZZ_ROLE"], operation)
    learn("", body)
    members = body.get("data", [body]) if isinstance(body, dict) else []
    for member in members if isinstance(members, list) else []:
        if isinstance(member, dict) and isinstance(member.get("id"), str):
            remember("members", case.operation.path, member["id"])


@atexit.register
def keep():
    with open(KNOWN, "w") as file:
        json.dump(known, file)
