"""The figures of a definition at some size, and the limits that it meets as it grows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from carnation.estimates.models import Key, Model
from carnation.services import limits
from carnation.services.prices import find_price, read_prices

_FARTHEST = 10**9


class Figures(NamedTuple):
    """What so many items take.

    `payload` is the largest, of `state`; `events` and `seconds` are of one execution, the rest of
    all together; `unpriced` are calls whose price is not known here.
    """

    items: int
    executions: int
    events: int
    child_events: int
    children: int
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


class Break(NamedTuple):
    """A limit, the size at which it breaks, where, and what to do. `is_hard`: it ends a run."""

    limit: str
    items: int
    state: str
    remedy: str
    is_hard: bool


def find_figures(model: Model, items: int) -> Figures:
    """Find the figures at a size."""
    facts, outer = model.facts, model.outer
    requests: dict[str, int] = {}
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
            gb_seconds += count * length * facts.memory / 1024
    payloads = {key[1]: round(model.read(key, items)) for key in model.growths
                if key[0] == "payload"}  # fmt: skip
    state = max(payloads, key=lambda name: payloads[name], default="")
    children = model.count_batches(items)
    child_events = [model.read(key, items) for key in model.growths if key[0] == "events of child"]
    figures = Figures(
        items, 1 if outer else items, round(model.read(("events",), items)),
        round(max(child_events, default=0)), children,
        round(model.add_up(("transitions",), items)), payloads.get(state, 0), state, payloads,
        invocations, gb_seconds, requests, model.find_seconds(items), {}, (),
    )  # fmt: skip
    dollars, unpriced = _price(model, figures)
    return figures._replace(dollars=dollars, unpriced=unpriced)


def _price(model: Model, figures: Figures) -> tuple[dict[str, float], tuple[str, ...]]:
    prices, found, unpriced = read_prices().dollars, {}, []
    if model.facts.express:
        found["Step Functions"] = _price_express(figures.executions, figures.seconds)
    else:
        found["Step Functions"] = figures.transitions * prices["states:transition"]
    if figures.children and model.outer and _is_express(model, model.outer.name):
        child = model.read(("seconds of child", model.outer.name), figures.items)
        found["Express children"] = _price_express(figures.children, child)
    if figures.invocations:
        found["Lambda"] = (
            figures.invocations * prices["lambda:request"]
            + figures.gb_seconds * prices["lambda:gb-second"]
        )
    for call, count in figures.requests.items():
        price = find_price(call)
        service = call.removeprefix("aws-sdk:").partition(":")[0]
        if price is not None:
            found[service.upper()] = found.get(service.upper(), 0.0) + count * price
        elif service not in ("lambda", "activity"):
            unpriced.append(call)
    return found, tuple(sorted(unpriced))


def _is_express(model: Model, name: str) -> bool:
    processor = model.states.get(name, {}).get("ItemProcessor", {})
    return bool(processor.get("ProcessorConfig", {}).get("ExecutionType") == "EXPRESS")


def _price_express(count: int, seconds: float) -> float:
    """Price Express executions: their number, and their time in blocks of 64 MB and 100 ms."""
    prices = read_prices().dollars
    blocks = max(1, -(-seconds // 0.1)) * 0.1
    return count * (
        prices["states:express-request"] + blocks * 64 / 1024 * prices["states:express-gb-second"]
    )


def find_breaks(model: Model) -> list[Break]:
    """Find where each limit breaks, the first to break first."""
    found = [one for one in _list_breaks(model) if one.items <= _FARTHEST]
    return sorted(found, key=lambda one: (not one.is_hard, one.items))


def _list_breaks(model: Model) -> Iterator[Break]:
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


def _find_histories(model: Model) -> Iterator[Break]:
    items = _first_above(model, ("events",), limits.HISTORY - 1)
    name = model.outer.name if model.outer else _find_busiest(model)
    each = f"Each item takes {model.growths[('events',)].item:.0f} events. "
    if model.outer is None:
        remedy = "Let an execution end earlier, and start the next one for what is left."
    elif model.outer.is_distributed:
        remedy = "Let a distributed Map around it start executions for parts of it."
    else:
        remedy = (
            f"{each}Make the Map DISTRIBUTED: each batch (ItemBatcher) has a history of its own."
        )
    yield Break(f"a history of {limits.HISTORY:,} events", items, name, remedy, True)
    for key in model.growths:
        if key[0] == "events of child" and not _is_express(model, key[1]):
            items = _first_above(model, key, limits.HISTORY - 1)
            yield Break(
                f"a child's history of {limits.HISTORY:,} events", items, key[1],
                "Make the batches smaller (MaxItemsPerBatch).", True,
            )  # fmt: skip


def _find_busiest(model: Model) -> str:
    names = [key for key in model.growths if key[0] == "events of"]
    return max(names, key=lambda key: model.growths[key].fixed, default=("", ""))[1]


def _find_payloads(model: Model) -> Iterator[Break]:
    keys = [key for key in model.growths if key[0] == "payload"]
    sizes = {key[1]: _first_above(model, key, limits.PAYLOAD) for key in keys}
    if not sizes:
        return
    state = min(sizes, key=lambda name: (sizes[name], -_slope(model, name)))
    if model.outer is not None and model.outer.name == state and model.outer.is_distributed:
        remedy = "Let a ResultWriter put the results into a bucket."
    else:
        remedy = (
            "Pass a reference instead: write the list to S3, and map over it with the ItemReader "
            "of a DISTRIBUTED Map."
        )
    limit = f"a payload of {limits.PAYLOAD // 1024} KiB"
    yield Break(limit, sizes[state], state or "the input", remedy, True)


def _slope(model: Model, state: str) -> float:
    return model.growths[("payload", state)].item


def _grows(model: Model, key: Key) -> bool:
    growth = model.growths[key]
    return bool(growth.item or growth.batch)


def _find_times(model: Model) -> Iterator[Break]:
    kind, longest = "a year", float(limits.STANDARD_SECONDS)
    if model.facts.express:
        kind, longest = "an Express execution's five minutes", float(limits.EXPRESS_SECONDS)
    if isinstance(model.timeout, (int, float)) and model.timeout < longest:
        kind, longest = f"TimeoutSeconds ({model.timeout})", float(model.timeout)
    items = _first(lambda items: model.find_seconds(items) >= longest)
    name = model.outer.name if model.outer else ""
    remedy = "Raise MaxConcurrency, or put more into one task." if name else "Wait less."
    yield Break(kind, items, name, remedy, True)
    if model.outer and model.outer.is_distributed:
        name = model.outer.name
        if _is_express(model, name):
            child = model.read(("seconds of child", name), 1)
            items = 1 if child > limits.EXPRESS_SECONDS else _FARTHEST + 1
            yield Break(
                "an Express child's five minutes", items, name,
                "Make the batches smaller, or the children STANDARD.", True,
            )  # fmt: skip
        yield Break(
            f"{limits.DATASET:,} items of a dataset", limits.DATASET + 1, name,
            "Start an execution for each part of the dataset.", True,
        )  # fmt: skip


def _find_quotas(model: Model) -> Iterator[Break]:
    """Yield what slows an account down that has its quotas as AWS gives them."""
    outer = model.outer
    if outer is None:
        return
    calls = {key[2] for key in model.growths if key[0] == "call" and _grows(model, key)}
    if any("lambda" in call for call in calls) and outer.at_once > limits.LAMBDA_AT_ONCE:
        yield Break(
            f"{limits.LAMBDA_AT_ONCE:,} functions at once, an account's first quota",
            limits.LAMBDA_AT_ONCE * max(outer.batch, 1) + 1, outer.name,
            f"Set MaxConcurrency below it ({outer.at_once:,} run at once), or have it raised.",
            False,
        )  # fmt: skip

    def is_too_fast(items: int) -> bool:
        seconds = max(model.find_seconds(items), 1.0)
        return model.read(("transitions",), items) / seconds > limits.TRANSITIONS_A_SECOND

    yield Break(
        f"{limits.TRANSITIONS_A_SECOND:,} transitions a second", _first(is_too_fast), outer.name,
        "They are throttled beyond it: larger batches, or EXPRESS children, which have none.",
        False,
    )  # fmt: skip
