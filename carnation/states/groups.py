"""The two state types that hold graphs, Map and Parallel, and those graphs.

A graph inside a state is its first state or a chain; where it has fields of its own, it is an
`ItemProcessor` or a `Branch`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from carnation.errors import DefinitionError
from carnation.states.arguments import UNSET, find_line, read_arguments
from carnation.states.chain import Chain
from carnation.states.map_fields import list_part_languages, reject_wrong_parts
from carnation.states.sdk import sdk
from carnation.states.state import Catchers, Extra, Retriers, State


class Subgraph:
    """A graph inside a state, with fields of its own."""

    place = ""

    def __init__(self, states: State | Chain, arguments: Mapping[str, Any]) -> None:
        if not isinstance(states, (sdk.State, sdk.Chain)):
            raise DefinitionError(
                f"the {self.place} ({find_line()}) expected a state or a chain, got {states!r}."
            )
        owner = f"the {self.place}"
        self.states = states
        self.fields, self.extra = read_arguments(self.place, owner, arguments)
        reject_wrong_parts(owner, self.fields)


class Branch(Subgraph):
    """A branch of a Parallel with a comment of its own.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html
    """

    place = "Branch"

    def __init__(
        self, states: State | Chain, *, comment: str = UNSET, extra: Extra = UNSET
    ) -> None:
        super().__init__(states, {"comment": comment, "extra": extra})


class ItemProcessor(Subgraph):
    """What a Map runs for each item, with fields of its own.

    `processor_config` is INLINE unless given (see `ProcessorConfig`); None leaves it out, which
    means INLINE as well.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html
    """

    place = "ItemProcessor"

    def __init__(
        self,
        states: State | Chain,
        *,
        comment: str = UNSET,
        processor_config: Mapping[str, Any] | None = UNSET,
        extra: Extra = UNSET,
    ) -> None:
        given = {"comment": comment, "processor_config": processor_config, "extra": extra}
        if processor_config is None:
            given["processor_config"] = UNSET
        super().__init__(states, given)
        self.is_configured = processor_config is not UNSET


Processor = State | Chain | ItemProcessor


class Parallel(State, sdk.Parallel):
    """A state that runs `branches` (states, chains, `Branch`es) at once and waits for all.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html
    """

    place = "Parallel"

    def __init__(
        self,
        state_id: str,
        *,
        branches: Sequence[State | Chain | Branch] = (),
        comment: str = UNSET,
        query_language: str = UNSET,
        input_path: str | None = UNSET,
        parameters: Any = UNSET,
        arguments: Any = UNSET,
        result_selector: Mapping[str, Any] = UNSET,
        result_path: str | None = UNSET,
        output_path: str | None = UNSET,
        retry: Retriers = (),
        catch: Catchers = (),
        assign: Mapping[str, Any] = UNSET,
        output: Any = UNSET,
        extra: Extra = UNSET,
    ) -> None:
        given = self.note(state_id, locals())
        sdk.Parallel.__init__(self, state_id, *self.list_error_blocks(retry, catch), **given)
        if not isinstance(branches, (list, tuple)):
            raise DefinitionError(
                f"state '{state_id}' ({self.source}): expected a list of graphs for branches, "
                f"got {branches!r}. Use [...]."
            )
        for branch in branches:
            self.add_branch(branch)
        self.reject_mixture()


class Map(State, sdk.Map):
    """A state that runs `item_processor` (a state or a chain) once for each item of a list.

    `max_concurrency` iterations run at once (0: as many as AWS allows, 40 for an inline Map).
    `processor_config` is INLINE unless given (None: not written); DISTRIBUTED is for `item_reader`,
    `item_batcher`, `result_writer`, `label` and tolerated failures. `iterator` and `parameters` are
    the older words for `item_processor` and `item_selector`, kept where a definition has them.
    Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map.html
    """

    place = "Map"

    def __init__(
        self,
        state_id: str,
        *,
        item_processor: Processor = UNSET,
        iterator: Processor = UNSET,
        processor_config: Mapping[str, Any] | None = UNSET,
        comment: str = UNSET,
        query_language: str = UNSET,
        input_path: str | None = UNSET,
        item_reader: Mapping[str, Any] = UNSET,
        items: Any = UNSET,
        items_path: str = UNSET,
        item_selector: Any = UNSET,
        parameters: Any = UNSET,
        item_batcher: Mapping[str, Any] = UNSET,
        max_concurrency: int | str = UNSET,
        max_concurrency_path: str = UNSET,
        tolerated_failure_percentage: float | str = UNSET,
        tolerated_failure_percentage_path: str = UNSET,
        tolerated_failure_count: int | str = UNSET,
        tolerated_failure_count_path: str = UNSET,
        label: str = UNSET,
        result_selector: Mapping[str, Any] = UNSET,
        result_path: str | None = UNSET,
        result_writer: Mapping[str, Any] = UNSET,
        output_path: str | None = UNSET,
        retry: Retriers = (),
        catch: Catchers = (),
        assign: Mapping[str, Any] = UNSET,
        output: Any = UNSET,
        extra: Extra = UNSET,
    ) -> None:
        given = self.note(state_id, locals())
        reject_wrong_parts(f"state '{state_id}'", given)
        sdk.Map.__init__(self, state_id, *self.list_error_blocks(retry, catch), **given)
        self.reject_mixture()
        self.is_legacy = iterator is not UNSET
        self._attach(item_processor, iterator, processor_config)

    def list_languages(self) -> Iterator[tuple[str, str]]:
        """Yield the fields that belong to one query language, those of its parts too."""
        yield from super().list_languages()
        yield from list_part_languages(self.fields)

    def _attach(self, processor: Any, iterator: Any, config: Any) -> None:
        """Take the one graph that was given, as an `ItemProcessor` where it has a config."""
        given = [graph for graph in (processor, iterator) if graph is not UNSET]
        if len(given) > 1:
            self._reject("ItemProcessor and Iterator exclude each other; set one")
        if not given:
            return
        graph = given[0]
        if isinstance(graph, ItemProcessor):
            if config is not UNSET:
                self._reject("its ItemProcessor has a processor_config of its own")
        elif config is not UNSET:
            graph = ItemProcessor(graph, processor_config=config)
        self.attach_iterator(graph)

    def _reject(self, problem: str) -> None:
        raise DefinitionError(f"state '{self.state_id}' ({self.source}): {problem}.")
