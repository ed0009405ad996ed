"""The generated organisation: who works there, and everything they did."""

from ovia_demo.organisation.code_model import Organisation
from ovia_demo.organisation.generating import generate
from ovia_demo.organisation.times import UNTIL

__all__ = ["UNTIL", "Organisation", "generate"]
