"""Whom an account may belong to, for somebody who decides."""

import msgspec

from ovia_shared.models.mapping import Confidence, Identity, PersonReference
from ovia_shared.models.rule_trace import RuleTrace


class Candidate(msgspec.Struct, frozen=True):
    """A person an account may be of, by the account of theirs that resembles it most.

    `confidence` and `rule_trace` are of these two accounts alone, whatever else stands for or against the person.
    `refused`: somebody decided that the account is not theirs.
    """

    person: PersonReference
    confidence: Confidence
    rule_trace: tuple[RuleTrace, ...]
    through: Identity
    refused: bool
