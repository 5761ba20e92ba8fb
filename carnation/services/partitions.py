"""The partitions of AWS: which one a Region is of, and what its host names end in.

Source: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
"""

from __future__ import annotations

from carnation.records import NamedTuple


class Partition(NamedTuple):
    """A partition: its name in ARNs, and the suffix of its host names."""

    name: str
    dns_suffix: str


_AWS = Partition("aws", "amazonaws.com")
_BY_PREFIX = {
    "cn-": Partition("aws-cn", "amazonaws.com.cn"),
    "us-gov-": Partition("aws-us-gov", "amazonaws.com"),
    "eusc-": Partition("aws-eusc", "amazonaws.eu"),
    "us-iso-": Partition("aws-iso", "c2s.ic.gov"),
    "us-isob-": Partition("aws-iso-b", "sc2s.sgov.gov"),
    "eu-isoe-": Partition("aws-iso-e", "cloud.adc-e.uk"),
    "us-isof-": Partition("aws-iso-f", "csp.hci.ic.gov"),
}


def find_partition(region: str) -> Partition:
    """Return the partition of a Region.

    >>> find_partition("cn-north-1").name, find_partition("eu-west-1").name
    ('aws-cn', 'aws')
    """
    return next((row for begin, row in _BY_PREFIX.items() if region.startswith(begin)), _AWS)
