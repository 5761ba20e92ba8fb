"""Limits of Step Functions, and the quotas of an account that nobody has raised.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html,
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

HISTORY = 25_000
"""Events of a Standard execution; the one with this number ends it."""
PAYLOAD = 256 * 1024
"""Bytes of a state's input or output."""
INLINE_CONCURRENCY = 40
DISTRIBUTED_CONCURRENCY = 10_000
DATASET = 100_000_000
"""Items of a distributed Map."""
STANDARD_SECONDS = 365 * 24 * 3600
EXPRESS_SECONDS = 300
MIN_MEMORY, MAX_MEMORY = 128, 10_240
"""MB of a function. https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"""
LAMBDA_CONCURRENCY = 1_000
TRANSITIONS_A_SECOND = 5_000
"""In us-east-1, us-west-2 and eu-west-1; 800 elsewhere. Beyond it, transitions are throttled."""
