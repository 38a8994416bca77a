"""What the services' documents cannot say in JSON Schema."""

import os

import requests
import schemathesis


def is_guarded(case):
    """Whether the operation is for callers with the service credential only."""
    return bool(case.operation.definition.raw.get("security"))


@schemathesis.hook("before_call")
def show_the_credential(context, case, kwargs):
    """Only where it is asked for: whoever shows it to POST /pays can make payments of orders that there are not."""
    if is_guarded(case):
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {os.environ['SERVICE_TOKEN']}"}


@schemathesis.hook("before_call")
def keep_the_number(context, case, kwargs):
    """The itemcd of a product is its id: a change may name it, but not give it another."""
    if case.operation.path != "/products/{id}" or case.meta is None or not isinstance(case.body, dict):
        return
    id = str(case.path_parameters.get("id"))
    # 7.0 is an integer, too, and True is none.
    is_number = type(case.body.get("itemcd")) in (int, float)
    if is_number and case.meta.generation.mode.is_positive and id.isdecimal():
        case.body["itemcd"] = int(id)


@schemathesis.check
def hidden_from_others(ctx, response, case):
    """What is for the services only does not exist for others: 404, where schemathesis' own check wants 401 or 403."""
    if is_guarded(case) and 200 <= response.status_code < 300:
        sent = response.request
        headers = {name: value for name, value in sent.headers.items() if name.lower() != "authorization"}
        answer = requests.request(sent.method, sent.url, headers=headers, data=sent.body, timeout=10)
        assert answer.status_code == 404, f"{sent.method} {sent.url} answers {answer.status_code} to anybody"
