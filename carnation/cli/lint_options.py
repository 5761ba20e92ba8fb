"""The options of `carnation lint`."""

from __future__ import annotations

from carnation.cli.parser import CommandParser
from carnation.linter import SEVERITIES
from carnation.linter import formats as reports


def make_parser() -> CommandParser:
    """Make the parser of the command line."""
    parser = CommandParser(
        prog="carnation lint",
        description="Check state machine definitions for validation errors and production risks.",
        epilog="example: carnation lint statemachine.asl.json --type EXPRESS",
    )
    parser.add_argument(
        "targets",
        nargs="*",
        metavar="FILE or WORKFLOW",
        help="Definitions, templates, folders, built workflows, or - for standard input "
        "(default: all of build/)",
    )
    parser.add_argument("--type", choices=["STANDARD", "EXPRESS"], help="Type of the state machine")
    parser.add_argument(
        "--format",
        choices=["text", *reports.FORMATS],
        help="Output format (default: text)",
    )
    parser.add_argument(
        "--fail-on",
        choices=[*SEVERITIES, "never"],
        help="Exit with 1 if a finding has at least this severity (default: error)",
    )
    parser.add_argument(
        "--notes",
        action="store_true",
        help="Include notes in text output (other formats always include them)",
    )
    parser.add_argument(
        "--cfn-lint",
        action="store_true",
        help="Run cfn-lint on templates, too (extra: cloudformation)",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--fix", action="store_true", help="Apply safe fixes to the files")
    how.add_argument(
        "--diff",
        action="store_true",
        help="Show fixes as a diff without writing them; exit with 1 if there are any",
    )
    parser.add_argument(
        "--policy",
        metavar="FILE",
        help="Print the least-privilege IAM policy for a definition as JSON, and exit",
    )
    parser.add_argument(
        "--names",
        choices=["cloudformation", "sub", "plain"],
        help="With --policy: print the policy document alone, its names as Fn::Sub (for "
        "AWS::Include), or plain (for Terraform and CDK)",
    )
    parser.add_argument("--explain", metavar="RULE", help="Explain a rule, and exit")
    return parser
