"""The commands of `carnation`: `GROUPS`, `COMMANDS` (name to help), and `ELSEWHERE`."""

from __future__ import annotations

GROUPS = {
    "create": {
        "init": "Create a project that builds, runs, and passes its own test",
        "adopt": "Generate Python modules from existing ASL definitions",
        "build": "Build definitions/ into build/, or check that build/ is up to date",
        "fetch": "Download the dependencies of Lambda functions",
    },
    "review": {
        "diff": "Show changes between two builds, Git revisions, or templates",
        "draw": "Draw a definition as SVG or Mermaid",
        "estimate": "Estimate cost and service limits as the input grows",
        "lint": "Check definitions for validation errors and production risks",
    },
    "run locally": {
        "prove": "Check invariants of a definition under every fault at every call",
        "replay": "Generate a test from a recorded execution history",
        "run": "Run a built workflow locally",
        "serve": "Start the local AWS emulator on a port",
    },
    "deploy": {
        "deploy": "Deploy a built workflow to an AWS account",
        "destroy": "Delete a deployed stack (resources that hold data are retained)",
        "versions": "List the versions of a deployed state machine",
        "rollback": "Point the alias to an earlier version",
        "drift": "Show differences between the deployed stack and build/",
    },
    "operate": {
        "start": "Start an execution, follow it, and explain failures",
        "status": "Show the stack, versions, queues, alarms, and executions",
        "dlq": "List, show, redrive, or purge dead-letter messages",
        "recover": "Redrive failed executions that still hold unprocessed events",
    },
    "shell": {
        "completion": "Print the completion script of a shell",
    },
}
COMMANDS = {name: meaning for group in GROUPS.values() for name, meaning in group.items()}
ELSEWHERE = {
    "coverage": "pytest --carnation-cov",
    "explain": "carnation lint --explain RULE",
    "fix": "carnation lint --fix",
    "policy": "carnation lint --policy FILE",
    "report": "carnation run WORKFLOW --report FILE.html",
    "test": "pytest",
    "validate": "carnation lint",
}
"""What a newcomer may take for a command, and what does it."""
