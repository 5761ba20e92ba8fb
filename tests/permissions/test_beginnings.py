"""How a computed value begins is read by the parsers of both languages."""

from __future__ import annotations

import pytest

from carnation.permissions.beginnings import find_beginning


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("States.Format('a')", ("a", True)),
        ("States.Format('a/{}', $.k)", ("a/", False)),
        (r"States.Format('it\'s \{\}/{}', $.k)", ("it's {}/", False)),
        ("States.Format('{}-x', States.Format('{}', 'b'))", ("b-x", True)),
        ("States.Format('{}-x', $.b)", ("", False)),
        ("States.Format($.template, 'x')", ("", False)),
        ("States.UUID()", ("", False)),
        ("$.key", ("", False)),
        ("States.Format('a", ("", False)),
        ("{% 'a' %}", ("a", True)),
        ("{% /* why */ 'a' & \"b/\" & $k %}", ("ab/", False)),
        ("{% ('a/') & ('b' & $k) & 'c' %}", ("a/b", False)),
        ("{% $ok ? 'in/a' : 'in/b' %}", ("in/", False)),
        ("{% $ok ? 'a' : 'a' %}", ("a", True)),
        ("{% 'a'[0] & 'b' %}", ("", False)),
        ("{% $k & 'a' %}", ("", False)),
        ("{% 'a' & %}", ("", False)),
    ],
)
def test_a_value_begins_as_its_expression_says(text: str, found: tuple[str, bool]) -> None:
    assert find_beginning(text) == found
