"""The figures of a definition at some size, and the limits that it meets as it grows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from carnation.estimates.growth import Key
from carnation.estimates.models import Model
from carnation.estimates.top_level_maps import TopLevelMap
from carnation.records import NamedTuple
from carnation.services import limits
from carnation.services.prices import find_price, read_prices

_FARTHEST = 10**9


class Estimate(NamedTuple):
    """What so many items take.

    `payload` is the largest, of `state`; `events` and `seconds` are of one execution, the rest of
    all together; `children` are counted by the state that starts them; `unpriced` are calls whose
    price is not known here.
    """

    items: int
    executions: int
    events: int
    child_events: int
    children: Mapping[str, int]
    transitions: int
    payload: int
    state: str
    payloads: Mapping[str, int]
    invocations: int
    gb_seconds: float
    requests: Mapping[str, int]
    seconds: float
    dollars: Mapping[str, float]
    unpriced: tuple[str, ...]

    @property
    def total(self) -> float:
        """Add up the dollars."""
        return sum(self.dollars.values())


class LimitExceeded(NamedTuple):
    """A limit, the size at which it breaks, where, and what to do. `is_hard`: it ends a run."""

    limit: str
    items: int
    state: str
    remedy: str
    is_hard: bool


def find_figures(model: Model, items: int) -> Estimate:
    """Find the figures at a size."""
    requests, invocations, gb_seconds = _count_calls(model, items)
    payloads = {key[1]: round(model.read(key, items)) for key in model.growths
                if key[0] == "payload"}  # fmt: skip
    state = max(payloads, key=lambda name: payloads[name], default="")
    children = {key[1]: round(model.add_up(key, items)) for key in model.growths
                if key[0] == "children"}  # fmt: skip
    child_events = [model.read(key, items) for key in model.growths if key[0] == "events of child"]
    figures = Estimate(
        items, 1 if model.outers else items, round(model.read(("events",), items)),
        round(max(child_events, default=0)), children,
        round(model.add_up(("transitions",), items)), payloads.get(state, 0), state, payloads,
        invocations, gb_seconds, requests, model.find_seconds(items), {}, (),
    )  # fmt: skip
    dollars, unpriced = _price(model, figures)
    return figures._replace(dollars=dollars, unpriced=unpriced)


def _count_calls(model: Model, items: int) -> tuple[dict[str, int], int, float]:
    """Count the requests by call, the functions invoked, and their GB-seconds."""
    facts, requests = model.facts, dict[str, int]()
    invocations, gb_seconds = 0, 0.0
    for kind, *rest in model.growths:
        if kind != "call":
            continue
        state, call = rest
        count = round(model.add_up((kind, state, call), items))
        requests[call] = requests.get(call, 0) + count
        if call in ("lambda:invoke", "aws-sdk:lambda:invoke"):
            invocations += count
            length = facts.seconds.get(state, facts.usual)
            gb_seconds += count * length * facts.memories.get(state, facts.memory) / 1024
    return requests, invocations, gb_seconds


def _price(model: Model, figures: Estimate) -> tuple[dict[str, float], tuple[str, ...]]:
    prices, found, unpriced = read_prices().dollars, {}, []
    if model.facts.express:
        found["Step Functions"] = _price_express(figures.executions, figures.seconds)
    else:
        found["Step Functions"] = figures.transitions * prices["states:transition"]
    express = [name for name in figures.children if name in model.express]
    if express:
        found["Express children"] = sum(
            _price_express(
                figures.children[name], model.read(("seconds of child", name), figures.items)
            )
            for name in express
        )
    if figures.invocations:
        second = prices["lambda:gb-second-arm" if model.facts.arm else "lambda:gb-second"]
        found["Lambda"] = (
            figures.invocations * prices["lambda:request"] + figures.gb_seconds * second
        )
    for call in figures.requests:
        count = sum(
            model.add_up(key, figures.items)
            for key in model.growths
            if key[0] == "units" and key[2] == call
        )
        price = find_price(call)
        service = call.removeprefix("aws-sdk:").partition(":")[0]
        if price is not None:
            name = _NAMES.get(service, service.upper())
            found[name] = found.get(name, 0.0) + count * price
        elif service not in _FREE:
            unpriced.append(call)
    return found, tuple(sorted(unpriced))


_FREE = ("lambda", "activity", "states", "sfn")
"""Services whose calls are paid by what they start, or not at all."""
_NAMES = {"dynamodb": "DynamoDB", "events": "EventBridge", "eventbridge": "EventBridge"}


def _price_express(count: int, seconds: float) -> float:
    """Price Express executions: their number, and their time in blocks of 64 MB and 100 ms."""
    prices = read_prices().dollars
    blocks = max(1, -(-seconds // 0.1)) * 0.1
    return count * (
        prices["states:express-request"] + blocks * 64 / 1024 * prices["states:express-gb-second"]
    )


def find_breaks(model: Model) -> list[LimitExceeded]:
    """Find where each limit breaks, the first to break first."""
    found = [one for one in _list_breaks(model) if one.items <= _FARTHEST]
    return sorted(found, key=lambda one: (not one.is_hard, one.items))


def _list_breaks(model: Model) -> Iterator[LimitExceeded]:
    if not model.facts.express:
        yield from _find_histories(model)
    yield from _find_payloads(model)
    yield from _find_times(model)
    yield from _find_quotas(model)


def _first(too_much: Callable[[int], bool]) -> int:
    """Find the first size at which something is too much; beyond the farthest if it never is."""
    if not too_much(_FARTHEST):
        return _FARTHEST + 1
    low, high = 0, _FARTHEST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if too_much(middle) else (middle, high)
    return high


def _first_above(model: Model, key: Key, most: int) -> int:
    return _first(lambda items: model.read(key, items) > most)


def _find_histories(model: Model) -> Iterator[LimitExceeded]:
    items = _first_above(model, ("events",), limits.HISTORY - 1)
    outer = _find_busiest_map(model)
    name = outer.name if outer else _find_busiest(model)
    if outer is None:
        remedy = "End an execution earlier, and start the next one for the remaining items."
    elif outer.is_distributed:
        remedy = "Let a distributed Map around it start executions for parts of it."
    else:
        remedy = (
            f"Each item adds {_slope(model, outer):.0f} events. Make the Map DISTRIBUTED: each "
            "batch (ItemBatcher) has its own history."
        )
    yield LimitExceeded(f"a history of {limits.HISTORY:,} events", items, name, remedy, True)
    for key in model.growths:
        if key[0] == "events of child" and key[1] not in model.express:
            batched = model.find_outer(key[1]) is not None
            items = _first_above(model, key, limits.HISTORY - 1)
            yield LimitExceeded(
                f"a child's history of {limits.HISTORY:,} events", items, key[1],
                "Reduce the batch size (MaxItemsPerBatch)." if batched
                else "Estimate the child separately, and fix it there.", True,
            )  # fmt: skip


def _slope(model: Model, outer: TopLevelMap) -> float:
    """Return how many events an item of a Map takes, as it grows."""
    names = {outer.name, *outer.inside}
    return sum(
        growth.item + sum(growth.batches)
        for key, growth in model.growths.items()
        if key[0] == "events of" and key[1] in names
    )


def _find_busiest_map(model: Model) -> TopLevelMap | None:
    return max(model.outers, key=lambda outer: _slope(model, outer), default=None)


def _find_busiest(model: Model) -> str:
    names = [key for key in model.growths if key[0] == "events of"]
    return max(names, key=lambda key: model.growths[key].fixed, default=("", ""))[1]


def _find_payloads(model: Model) -> Iterator[LimitExceeded]:
    keys = [key for key in model.growths if key[0] == "payload"]
    sizes = {key[1]: _first_above(model, key, limits.PAYLOAD) for key in keys}
    if not sizes:
        return
    state = min(sizes, key=lambda name: (sizes[name], -model.growths["payload", name].item))
    outer = model.find_outer(state)
    limit = f"a payload of {limits.PAYLOAD // 1024} KiB"
    yield LimitExceeded(
        limit, sizes[state], state or "the input", _suggest_payload_fix(model, outer, state), True
    )


def _suggest_payload_fix(model: Model, outer: TopLevelMap | None, state: str) -> str:
    if not model.outers:
        return "Keep it in S3 or a table, and pass its key."
    if outer is not None and outer.is_distributed:
        return "Let a ResultWriter put the results into a bucket."
    if outer is not None and not model.growths["payload", state].item:
        return "Reduce the output of each item."
    return (
        "Pass a reference instead: write the list to S3, and map over it with the ItemReader of a "
        "DISTRIBUTED Map."
    )


def _grows(model: Model, key: Key) -> bool:
    growth = model.growths[key]
    return bool(growth.item or any(growth.batches))


def _find_times(model: Model) -> Iterator[LimitExceeded]:
    kind, longest = "a year", float(limits.STANDARD_SECONDS)
    if model.facts.express:
        kind, longest = "an Express execution's five minutes", float(limits.EXPRESS_SECONDS)
    if isinstance(model.timeout, (int, float)) and model.timeout < longest:
        kind, longest = f"TimeoutSeconds ({model.timeout})", float(model.timeout)
    items = _first(lambda items: model.find_seconds(items) >= longest)
    slowest = max(model.outers, key=lambda outer: model.pace.rounds[outer.name] / outer.at_once,
                  default=None)  # fmt: skip
    name = slowest.name if slowest else ""
    remedy = "Raise MaxConcurrency, or put more into one task." if name else "Wait less."
    yield LimitExceeded(kind, items, name, remedy, True)
    for outer in model.outers:
        if outer.is_distributed:
            yield from _find_distributed(model, outer)


def _find_distributed(model: Model, outer: TopLevelMap) -> Iterator[LimitExceeded]:
    if outer.name in model.express:
        child = model.read(("seconds of child", outer.name), 1)
        items = 1 if child > limits.EXPRESS_SECONDS else _FARTHEST + 1
        yield LimitExceeded(
            "an Express child's five minutes", items, outer.name,
            "Reduce the batch size, or the children STANDARD.", True,
        )  # fmt: skip
    yield LimitExceeded(
        f"{limits.DATASET:,} items of a dataset", limits.DATASET + 1, outer.name,
        "Start an execution for each part of the dataset.", True,
    )  # fmt: skip


def _find_quotas(model: Model) -> Iterator[LimitExceeded]:
    """Yield what slows an account down that has its quotas as AWS gives them."""
    for outer in model.outers:
        calls = {key[2] for key in model.growths if key[0] == "call"
                 and key[1] in outer.inside and _grows(model, key)}  # fmt: skip
        if any("lambda" in call for call in calls) and outer.at_once > limits.LAMBDA_CONCURRENCY:
            yield LimitExceeded(
                f"{limits.LAMBDA_CONCURRENCY:,} concurrent functions, an account's first quota",
                limits.LAMBDA_CONCURRENCY * max(outer.batch, 1) + 1, outer.name,
                f"Set MaxConcurrency below it (concurrency is {outer.at_once:,}), or request an "
                f"increase.",
                False,
            )  # fmt: skip

    def is_too_fast(items: int) -> bool:
        seconds = max(model.find_seconds(items), 1.0)
        return model.read(("transitions",), items) / seconds > limits.TRANSITIONS_A_SECOND

    spread = [outer for outer in model.outers if outer.is_distributed]
    if spread:  # no inline Map is fast enough
        yield LimitExceeded(
            f"{limits.TRANSITIONS_A_SECOND:,} transitions a second", _first(is_too_fast),
            spread[0].name,
            "They are throttled beyond it: larger batches, or EXPRESS children, which have none.",
            False,
        )  # fmt: skip
