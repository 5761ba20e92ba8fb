"""Loads `carnation serve` with clients that run executions, and looks at what that leaves.

    python benchmarks/soak.py [--executions 1000] [--clients 20] [--minutes 0]

Each client starts executions over the endpoint (one in four Express, one in four with a function,
one in four with a callback that it answers), waits for their end, and reads their histories. Before
and after, the server's memory, open files, threads, and child processes are read from /proc. Exit 1
where a call fails, an execution ends in another way than it should, or something is left behind.
"""

from __future__ import annotations

import argparse
import http.client
import io
import json
import re
import subprocess
import sys
import threading
import time
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import boto3

ROOT = Path(__file__).parents[1]
ROLE = "arn:aws:iam::123456789012:role/role"
SCOPE = "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE000000000/20260101/us-east-1/{}/aws4_request"
PASS = {"Type": "Pass", "Result": {"a": 1}, "End": True}
WAITS = {"Type": "Wait", "Seconds": 0, "Next": "P"}
CALL = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "f", "Payload.$": "$"}, "Next": "P"}  # fmt: skip
ASK = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Next": "P",
       "Parameters": {"QueueUrl": "", "MessageBody": {"t.$": "$$.Task.Token"}}}  # fmt: skip
LEFT = {"files": 5, "threads": 5, "children": 0}  # beyond what was there, once it is idle
KILOBYTES, KEPT = 8, 10_000  # of so many executions the history stays; nothing else does


class Client:
    """A connection that stays open, and the calls that are made over it."""

    def __init__(self, port: int) -> None:
        """Connect."""
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, service: str, target: str, params: dict[str, Any]) -> Any:
        """Make a call of a service with a JSON protocol; raises `RuntimeError` for an error."""
        headers = {"Authorization": SCOPE.format(service), "X-Amz-Target": target,
                   "Content-Type": "application/x-amz-json-1.0"}  # fmt: skip
        return self._send("POST", "/", json.dumps(params), headers)

    def run(self, operation: str, **params: Any) -> Any:
        """Run an operation of Step Functions."""
        return self.ask("states", f"AWSStepFunctions.{operation}", params)

    def _send(self, method: str, path: str, body: str, headers: dict[str, str]) -> Any:
        self.connection.request(method, path, body.encode(), headers)
        response = self.connection.getresponse()
        content = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{response.status} {content.decode()[:300]}")
        return json.loads(content or b"{}")


def put_function(port: int) -> None:
    """Create the function `f`, which returns its event."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("app.py", "def handle(event, context):\n    return event\n")
    session = boto3.session.Session("AKIAEXAMPLE000000000", "secret", region_name="us-east-1")
    url = f"http://127.0.0.1:{port}"
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
             "Action": "sts:AssumeRole"}  # fmt: skip
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    session.client("iam", endpoint_url=url).create_role(
        RoleName="role", AssumeRolePolicyDocument=document
    )
    session.client("lambda", endpoint_url=url).create_function(
        FunctionName="f", Runtime=f"python3.{sys.version_info.minor}", Role=ROLE,
        Handler="app.handle", Code={"ZipFile": held.getvalue()},
    )  # fmt: skip


def make_machines(client: Client) -> list[str]:
    """Create what is executed: plain, Express, with a function, with a callback."""
    queue = client.ask("sqs", "AmazonSQS.CreateQueue", {"QueueName": "q"})["QueueUrl"]
    ASK["Parameters"]["QueueUrl"] = queue  # type: ignore[index]
    chains: dict[str, dict[str, Any]] = {
        "plain": {"A": WAITS, "P": PASS},
        "express": {"A": PASS},
        "function": {"A": CALL, "P": PASS},
        "callback": {"A": ASK, "P": PASS},
    }
    arns = []
    for name, states in chains.items():
        text = json.dumps({"StartAt": "A", "States": states})
        kind = "EXPRESS" if name == "express" else "STANDARD"
        made = client.run("CreateStateMachine", name=name, definition=text, roleArn=ROLE, type=kind)
        arns.append(made["stateMachineArn"])
    return [*arns, queue]


def execute(client: Client, arns: list[str], number: int) -> str:
    """Run one execution to its end; gives its status."""
    kind, queue = number % 4, arns[4]
    given = json.dumps({"number": number})
    if kind == 1:
        return str(client.run("StartSyncExecution", stateMachineArn=arns[1], input=given)["status"])
    arn = client.run("StartExecution", stateMachineArn=arns[kind], input=given)["executionArn"]
    deadline = time.monotonic() + 60
    while (found := client.run("DescribeExecution", executionArn=arn))["status"] == "RUNNING":
        if kind == 3:
            answer_callback(client, queue)
        if time.monotonic() > deadline:
            return "RUNNING"
        time.sleep(0.01)
    events = client.run("GetExecutionHistory", executionArn=arn)["events"]
    return str(found["status"]) if events[-1]["type"] == "ExecutionSucceeded" else "no history"


def answer_callback(client: Client, queue: str) -> None:
    """Answer a callback of any execution, whichever message comes first."""
    asked = {"QueueUrl": queue, "MaxNumberOfMessages": 10}
    for message in client.ask("sqs", "AmazonSQS.ReceiveMessage", asked).get("Messages", ()):
        token = json.loads(message["Body"])["t"]
        client.run("SendTaskSuccess", taskToken=token, output="{}")
        receipt = {"QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"]}
        client.ask("sqs", "AmazonSQS.DeleteMessage", receipt)


def look(pid: int) -> dict[str, int]:
    """Read what the server holds: kilobytes, files, threads, child processes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    fields = dict(line.split(":", 1) for line in status)
    children = [
        child
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text(encoding="utf-8").split()
    ]
    return {
        "kilobytes": int(fields["VmRSS"].split()[0]),
        "files": len(list(Path(f"/proc/{pid}/fd").iterdir())),
        "threads": int(fields["Threads"]),
        "children": len(children),
    }


def load(port: int, arns: list[str], options: argparse.Namespace) -> Counter[str]:
    """Have all clients execute, until so many executions and so many minutes have passed."""
    ends: Counter[str] = Counter()
    numbers = iter(range(10**9))
    lock = threading.Lock()
    until = time.monotonic() + 60 * options.minutes

    def work() -> None:
        client = Client(port)
        while True:
            with lock:
                number = next(numbers)
            if number >= options.executions and time.monotonic() >= until:
                return
            try:
                end = execute(client, arns, number)
            except (OSError, http.client.HTTPException, RuntimeError) as error:
                end = f"{type(error).__name__}: {error}"
            with lock:
                ends[end] += 1

    threads = [threading.Thread(target=work) for _ in range(options.clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends


def main() -> int:
    """Load a server of its own; 1 where something failed or was left behind."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--executions", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=0.0, help="at least so long")
    options = parser.parse_args()
    command = [sys.executable, "-m", "carnation", "serve"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        found = (re.search(r"http://127\.0\.0\.1:(\d+)", line) for line in process.stdout or ())
        port = next(int(match[1]) for match in found if match)
        threading.Thread(target=lambda: list(process.stdout or ()), daemon=True).start()
        put_function(port)
        arns = make_machines(Client(port))
        warm = argparse.Namespace(**{**vars(options), "executions": 100, "minutes": 0})
        load(port, arns, warm)
        before, began = settle(process.pid), time.monotonic()
        ends = load(port, arns, options)
        seconds = time.monotonic() - began
        after = settle(process.pid)
    finally:
        process.terminate()
        process.wait()
    return report(before, after, ends, seconds)


def settle(pid: int) -> dict[str, int]:
    """Look once the server has been idle for a moment."""
    time.sleep(3)
    return look(pid)


def report(
    before: dict[str, int], after: dict[str, int], ends: Counter[str], seconds: float
) -> int:
    """Print what was seen; 1 where it is not what it should be."""
    count = ends.total()
    print(f"{count} executions in {seconds:.1f} s: {count / seconds:.0f} a second")
    faults = []
    for end, number in ends.most_common():
        print(f"  {number:6} {end}")
        faults += [] if end == "SUCCEEDED" else [end]
    for name, value in after.items():
        print(f"  {name}: {before[name]} before, {value} after")
        allowed = LEFT.get(name, KILOBYTES * min(count, KEPT) + 20_000)
        faults += [name] if value - before[name] > allowed else []
    print("FAULTS: " + ", ".join(faults) if faults else "nothing failed, nothing is left behind")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
