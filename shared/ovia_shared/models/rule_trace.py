"""Why a mapping has the confidence it has."""

import msgspec


class RuleTrace(msgspec.Struct, frozen=True, gc=False):
    """What one rule said about an identity and a person.

    `evidence` is a sentence for the reviewer; `weight` is the rule's full weight and `contribution` what it added
    here, both in log-odds (natural logarithm): the contributions of a trace sum to the logit of the confidence.
    """

    rule: str
    evidence: str
    weight: float
    contribution: float
