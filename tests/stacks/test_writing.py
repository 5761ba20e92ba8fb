from __future__ import annotations

from typing import Any

from carnation.patterns.events.stacks import Bucket, Table, event_stacks
from carnation.resources import Function
from carnation.stacks.resources import Package, Sources
from carnation.stacks.writing import render_document


def render(name: str, store: Table | Bucket, error: str = "Late", sha: str = "0" * 64) -> str:
    """Render the templates of a workflow of its own name, one after the other."""
    collect = Function("collect")
    used = f"${{{store.output}}} ${{QueueUrl}} ${{DeadLetterQueueUrl}} ${{CollectFunction}}"
    definition = {
        "StartAt": "Use",
        "TimeoutSeconds": 60,
        "States": {
            "Use": {
                "Type": "Pass",
                "Result": used,
                "Next": "Stop",
            },
            "Stop": {"Type": "Fail", "Error": error},
        },
    }
    sources = Sources(
        name, "1.0.0", definition, f"{name}.asl.json", sha,
        {"collect": Package("collect", sha, "collect.zip")},
    )  # fmt: skip
    return "\n".join(event_stacks(collect=collect, store=store)(sources).values())


def test_workflows_of_equal_nouns_differ_by_their_names_alone() -> None:
    one, two = (render(name, Table()) for name in ("zebra", "quail"))
    assert one != two
    assert one.count("zebra") == two.count("quail") > 3
    assert render("zebra", Table()) == one


def test_what_is_taken_over_depends_on_all_that_it_is_made_of() -> None:
    texts = {
        render("zebra", Table()),
        render("zebra", Table(), error="Early"),
        render("zebra", Table(), sha="1" * 64),
        render("zebra", Bucket()),
        render("zebra", Bucket(*Table())),
    }
    assert len(texts) == 5


def test_equal_documents_are_written_alike_and_other_order_is_another_document() -> None:
    def write(**properties: Any) -> str:
        return render_document({"Resources": {"A": {"Type": "B", "Properties": properties}}})

    assert write(x=1, y=2) == write(x=1, y=2) != write(y=2, x=1)
    assert write(x=1) != write(x=True) != write(x=1.0)
