"""`python -m carnation.build`, the same as `carnation build`."""

from carnation.cli.build import main
from carnation.cli.command import exit_fast

if __name__ == "__main__":
    exit_fast(main())
