"""Functions, the context object, leftovers of the other query language, a Map's connectors."""

from __future__ import annotations

from typing import Any

from tests.rule_cases.builders import (
    DISTRIBUTED,
    SQS_TOKEN,
    Case,
    ata,
    machine,
    map_,
    only,
    pass_,
    task,
)

S3 = "arn:aws:states:::s3:"
BUCKET = {"Bucket": "b", "Prefix": "p"}


def sent(text: str) -> dict[str, Any]:
    return only(pass_(Parameters={"value.$": text}))


def output(text: str) -> dict[str, Any]:
    return ata(Output="{% " + text + " %}")


def distributed(language: str = "JSONPath", **fields: Any) -> dict[str, Any]:
    tolerated = {"ToleratedFailureCount": 1}
    return only(map_(DISTRIBUTED, QueryLanguage=language, **tolerated, **fields))


def writer(**fields: Any) -> dict[str, Any]:
    return distributed("JSONata", ResultWriter=fields)


def reader(action: str, config: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    body = {"Resource": S3 + action, "Parameters": parameters}
    return distributed(ItemReader={**body, **({"ReaderConfig": config} if config else {})})


FILE = {"Bucket": "b", "Key": "k"}
FORMAT = {"Transformation": "NONE", "OutputType": "JSON"}

REFUSALS: list[Case] = [
    *(
        Case("invalid-intrinsic", f"a text has the escape {wrong}",
             sent(f"States.Format('a {wrong} b')"), sent(f"States.Format('a {right} b')"))
        for wrong, right in ((r"\"", r"\'"), (r"\n", "\n"), (r"\\\q", r"\\ \{ \}"))
    ),
    Case("wrong-value", "a Condition is a mere text",
         only({"Type": "Choice", "QueryLanguage": "JSONata", "Default": "A",
               "Choices": [{"Condition": "$states.input.a", "Next": "A"}]}),
         machine(A={"Type": "Choice", "QueryLanguage": "JSONata", "Default": "B",
                    "Choices": [{"Condition": "{% $states.input.a %}", "Next": "B"}]}, B=pass_())),
    Case("invalid-path", "an ItemReader's path has a dot before a bracket",
         reader("getObject", {"InputType": "JSON"}, **{"Bucket": "b", "Key.$": "$.files.[0].Key"}),
         reader("getObject", {"InputType": "JSON"}, **{"Bucket": "b", "Key.$": "$.f['x.[0]'][0]"})),
    Case("incomplete-result-writer", "a ResultWriter has no Arguments",
         writer(Resource=S3 + "putObject", WriterConfig=FORMAT),
         writer(Resource=S3 + "putObject", Arguments=BUCKET, WriterConfig=FORMAT)),
    Case("incomplete-result-writer", "a ResultWriter has no Resource",
         writer(Arguments=BUCKET), writer(WriterConfig=FORMAT)),
]  # fmt: skip

RISKS: list[Case] = [
    Case("empty-result-writer", "it is empty", writer(), writer(WriterConfig=FORMAT)),
    Case("unknown-parameter", "a ResultWriter is given a key",
         distributed(ResultWriter={"Resource": S3 + "putObject", "Parameters": FILE}),
         distributed(ResultWriter={"Resource": S3 + "putObject", "Parameters": BUCKET})),
    Case("unknown-parameter", "an ItemReader is given no key",
         reader("getObject", {"InputType": "JSON"}, Bucket="b"),
         reader("listObjectsV2", {}, Bucket="b")),
    Case("unused-reader-field", "a pointer into what is not JSON",
         reader("getObject", {"InputType": "JSONL", "ItemsPointer": "/a"}, **FILE),
         reader("getObject", {"InputType": "JSON", "ItemsPointer": "/a"}, **FILE)),
    Case("unused-reader-field", "one file is flattened",
         reader("getObject", {"InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN"}, **FILE),
         reader("listObjectsV2", {"InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN"},
                **BUCKET)),
    Case("field-of-distributed-map", "an inline Map has a label",
         only(map_(Label="l", MaxConcurrency=1)), distributed(Label="l")),
    *(
        Case("wrong-function-argument", f"{wrong} cannot be", sent(wrong), sent(right))
        for wrong, right in (
            ("States.Format('{} {}', $.a)", "States.Format('{} {}', $.a, $.b)"),
            ("States.Format('a', $.a)", r"States.Format('\{\} {}', $.a)"),
            ("States.Format('a {', $.a)", "States.Format($.template, $.a)"),
            ("States.Format(1)", "States.Format(States.JsonToString($.a))"),
            ("States.Hash($.a, 'SHA256')", "States.Hash($.a, 'SHA-256')"),
            ("States.Hash($.a, 'md5')", "States.Hash($.a, $.algorithm)"),
            ("States.ArrayPartition($.a, 0)", "States.ArrayPartition($.a, 2)"),
            ("States.ArrayRange(1, 9, 0)", "States.ArrayRange(9, 1, -1)"),
            ("States.ArrayRange(1, 9000, 1)", "States.ArrayRange(1, 1000, 1)"),
            ("States.ArrayLength('abc')", "States.ArrayLength(States.StringSplit($.a, ','))"),
            ("States.ArrayGetItem($.a, -1)", "States.ArrayGetItem($.a, 0)"),
            ("States.MathAdd($.a, '1')", "States.MathAdd($.a, States.MathRandom(1, 9))"),
            ("States.JsonMerge($.a, $.b, true)", "States.JsonMerge($.a, $.b, false)"),
            ("States.StringToJson('[1')", "States.StringToJson('[1]')"),
            ("States.StringToJson(States.Array(1))", "States.StringToJson(States.UUID())"),
        )
    ),
    Case("wrong-function-argument", "JSONata's hash has other names",
         output("$hash($states.input, 'sha1')"), output("$hash($states.input, 'SHA-1')")),
    Case("wrong-function-argument", "there is one too many",
         output("$uppercase('a', 'b')"), output("'a' ~> $uppercase()")),
    Case("wrong-function-argument", "there are too few", output("$substring()"),
         output("$substring('abc', 1)")),
    Case("unknown-jsonata-function", "it is called by another name",
         output("$randomSeeded(1)"), output("($seeded := function($n) { $n }; $seeded(1))")),
    Case("unknown-jsonata-function", "a variable is none",
         output("$states.input ~> $uppercased()"), output("$states.input ~> $uppercase()")),
    Case("unknown-context-field", "a name is misspelled",
         sent("$$.Execution.ID"), sent("$$.Execution.Input.ID")),
    Case("unknown-context-field", "a name does not exist",
         sent("States.Format('{}', $$.Region)"), sent("States.Format('{}', $$.State.RetryCount)")),
    Case("unknown-context-field", "a text has no fields",
         sent("$$.Execution.StartTime.Hour"), sent("$$.Execution['StartTime']")),
    Case("unknown-context-field", "in JSONata",
         output("$states.context.Execution.Arn"), output("$states.context.Execution.RedriveCount")),
    Case("unknown-context-field", "$states has four fields",
         output("$states.error"), output("$states.input.error")),
    Case("unknown-context-field", "there is no item outside of a Map",
         sent("$$.Map.Item.Index"),
         only(map_(MaxConcurrency=1, ItemSelector={"n.$": "$$.Map.Item.Index"}))),
    Case("unknown-context-field", "a request has no token",
         only(task(Parameters={"FunctionName": "f", "Payload": {"t.$": "$$.Task.Token"}},
                   Retry=[{"ErrorEquals": ["States.ALL"]}])),
         only(task(SQS_TOKEN, HeartbeatSeconds=9, Parameters={
             "QueueUrl": "q", "MessageBody": {"t.$": "$$.Task.Token"}}))),
    Case("jsonpath-in-jsonata", "a nested key ends as in JSONPath",
         ata(Output={"a": {"b.$": "$states.input.b"}}), ata(Output={"a": {"b": "{% 1 %}"}})),
    Case("jsonpath-in-jsonata", "the arguments of a call",
         only(task(QueryLanguage="JSONata", Arguments={
             "FunctionName": "f", "Payload": [{"id.$": "$.id"}]})),
         only(task(QueryLanguage="JSONata", Arguments={"FunctionName": "f", "Payload": ["$"]}))),
    Case("jsonata-in-jsonpath", "a parameter is an expression",
         only(pass_(Parameters={"a": ["{% $states.input %}"]})),
         only(pass_(Parameters={"a": "{%", "b": "100 {% off %} sale"}))),
    Case("jsonata-in-jsonpath", "an error is one",
         only({"Type": "Fail", "Error": "{% $states.input.e %}"}),
         only({"Type": "Fail", "Error": "E", "QueryLanguage": "JSONata"})),
    Case("path-in-result", "a key ends in .$",
         only(pass_(Result={"a": {"b.$": "$.c"}})), only(pass_(Parameters={"a": {"b.$": "$.c"}}))),
    Case("path-in-result", "a value is a call",
         only(pass_(Result=["States.UUID()"])), only(pass_(Result=["States", "$", "$5", "$.."]))),
    Case("path-in-result", "a value is a path",
         only(pass_(Result={"a": "$$.Execution.Id"})), only(pass_(Result={"ItemsPath": "$.a"}))),
    Case("literal-path", "JSONata is given an intrinsic function",
         ata(Output="States.UUID()"), ata(Output="{% $uuid() %}")),
]  # fmt: skip
