"""Talks to `carnation serve` with the clients that are installed: boto3, the CLI, JavaScript's.

    python benchmarks/clients.py [--javascript FOLDER]

FOLDER holds `node_modules` with @aws-sdk/client-s3, client-sqs and client-sfn. A client that is not
there is named. Exit 1 where a client sees another answer than it should.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
ROLE = "arn:aws:iam::123456789012:role/role"
DEFINITION = json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})
STATE = '{"Type": "Pass", "End": true}'
_FOREIGN = ("AWS_", "BOTO_", "MOTO_")
Seen = Iterator[tuple[str, str]]


@contextmanager
def serve() -> Iterator[dict[str, str]]:
    """Serve an empty emulator; gives the environment in which a client finds it."""
    command = [sys.executable, "-m", "carnation", "serve", "--require-signature"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        lines: list[str] = []
        for line in process.stdout or ():
            lines.append(line)
            if "Ctrl" in line:
                break
        told = dict(re.findall(r"^  export (\w+)=(.*)$", "".join(lines), re.MULTILINE))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        empty = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        yield {**kept, **told, **empty, "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": ""}
    finally:
        process.terminate()
        process.wait(20)


def check_boto3(environment: Mapping[str, str]) -> Seen:
    """Ask with boto3, in a process of its own."""
    command = [sys.executable, __file__, "--boto3"]
    yield from _read(command, environment)


def ask_with_boto3() -> None:
    """Be the process that asks with boto3."""
    import boto3

    def stream() -> bool:
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="from-boto3")
        s3.get_waiter("bucket_exists").wait(Bucket="from-boto3")
        s3.upload_fileobj(io.BytesIO(b"x" * 9_000_000), "from-boto3", "k")
        found = s3.get_object(Bucket="from-boto3", Key="k")["Body"].read()
        return bool(found == b"x" * 9_000_000)

    def queue() -> bool:
        sqs = boto3.client("sqs")
        url = sqs.create_queue(QueueName="from-boto3")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="ü")
        return bool(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "ü")

    def synchronous() -> bool:
        sfn = boto3.client("stepfunctions")
        tested = sfn.test_state(definition=STATE, input='{"a":1}', roleArn=ROLE)["output"]
        machine = sfn.create_state_machine(
            name="from-boto3", definition=DEFINITION, roleArn=ROLE, type="EXPRESS"
        )["stateMachineArn"]
        ran = sfn.start_sync_execution(stateMachineArn=machine, input='{"b":2}')["output"]
        return (tested, ran) == ('{"a":1}', '{"b":2}')

    def refused() -> bool:
        sfn = boto3.client("stepfunctions")
        try:
            sfn.describe_execution(executionArn=f"{ROLE}x")
        except sfn.exceptions.InvalidArn:
            return True
        return False

    for name, check in (
        ("an object from a stream", stream),
        ("a message through a queue's URL", queue),
        ("TestState and StartSyncExecution", synchronous),
        ("an error of the model", refused),
    ):
        try:
            seen = "" if check() else "another answer"
        except Exception as error:
            seen = f"{type(error).__name__}: {error}"
        print(json.dumps([name, seen]), flush=True)


def check_cli(environment: Mapping[str, str], program: str) -> Seen:
    """Ask with AWS's CLI, whichever version `aws` is."""
    # version 1 does not read the variable for SQS
    endpoint = ("--endpoint-url", environment["AWS_ENDPOINT_URL"])

    def aws(*arguments: str, stdin: bytes = b"") -> Any:
        done = subprocess.run(
            [program, "--output", "json", *endpoint, *arguments], env=environment, input=stdin,
            capture_output=True, check=False, timeout=120,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr.decode("utf-8", "replace").strip()[-300:])
        return done.stdout

    def stream() -> bool:
        aws("s3", "mb", "s3://from-cli")
        aws("s3api", "wait", "bucket-exists", "--bucket", "from-cli")
        aws("s3", "cp", "-", "s3://from-cli/k", stdin=b"x" * 9_000_000)
        return bool(aws("s3", "cp", "s3://from-cli/k", "-") == b"x" * 9_000_000)

    def queue() -> bool:
        url = json.loads(aws("sqs", "create-queue", "--queue-name", "from-cli"))["QueueUrl"]
        aws("sqs", "send-message", "--queue-url", url, "--message-body", "text")
        found = json.loads(aws("sqs", "receive-message", "--queue-url", url))
        return bool(found["Messages"][0]["Body"] == "text")

    def synchronous() -> bool:
        state = ("--definition", STATE, "--input", '{"a":1}', "--role-arn", ROLE)
        tested = json.loads(aws("stepfunctions", "test-state", *state))["output"]
        machine = json.loads(
            aws(
                "stepfunctions", "create-state-machine", "--name", "from-cli", "--type", "EXPRESS",
                "--definition", DEFINITION, "--role-arn", ROLE,
            )
        )["stateMachineArn"]  # fmt: skip
        given = ("--state-machine-arn", machine, "--input", '{"b":2}')
        ran = json.loads(aws("stepfunctions", "start-sync-execution", *given))["output"]
        return (tested, ran) == ('{"a":1}', '{"b":2}')

    def refused() -> bool:
        try:
            aws("stepfunctions", "describe-execution", "--execution-arn", f"{ROLE}x")
        except RuntimeError as error:
            return "(InvalidArn)" in str(error)
        return False

    for name, check in (
        ("an object from a stream", stream),
        ("a message through a queue's URL", queue),
        ("TestState and StartSyncExecution", synchronous),
        ("an error of the model", refused),
    ):
        try:
            yield name, "" if check() else "another answer"
        except (RuntimeError, ValueError, LookupError, subprocess.TimeoutExpired) as error:
            yield name, f"{type(error).__name__}: {error}"


def check_javascript(environment: Mapping[str, str], node: str, folder: str) -> Seen:
    """Ask with the SDK for JavaScript."""
    program = str(Path(__file__).with_suffix(".mjs"))
    yield from _read([node, program, str(Path(folder).resolve())], environment)


def _read(command: list[str], environment: Mapping[str, str]) -> Seen:
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    lines = done.stdout.splitlines()
    for line in lines:
        name, seen = json.loads(line)
        yield name, seen
    if done.returncode or not lines:
        yield "the program", done.stderr.strip()[-300:] or "it printed nothing"


def main(arguments: list[str] | None = None) -> int:
    """Ask with each client; print what holds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--javascript", metavar="FOLDER", help="what holds node_modules")
    parser.add_argument("--boto3", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.boto3:
        ask_with_boto3()
        return 0
    failed = 0
    with serve() as environment:
        clients = {"boto3": check_boto3(environment)}
        if cli := shutil.which("aws"):
            clients["aws"] = check_cli(environment, cli)
        if options.javascript and (node := shutil.which("node")):
            clients["javascript"] = check_javascript(environment, node, options.javascript)
        for client, checks in clients.items():
            for name, seen in checks:
                failed += bool(seen)
                print(f"{client:<11} {name:<40} {seen or 'holds'}", flush=True)
    for client in {"boto3", "aws", "javascript"} - set(clients):
        print(f"{client:<11} not asked: it is not installed, or its folder not given")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
