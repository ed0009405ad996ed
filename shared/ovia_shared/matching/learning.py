"""Learns the weights from accounts whose owners are known. scipy is needed here and nowhere else."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ovia_shared.matching.features import FEATURES, measure
from ovia_shared.matching.pairs import find_pairs
from ovia_shared.matching.table import Table
from ovia_shared.matching.weights import Weights
from ovia_shared.models.identity import Account

# Strength of the pull of every weight towards 0, and what each set counts, however many pairs it has.
REGULARISATION = 0.3
WEIGHT_OF_A_SET = 1500.0
# What may not be learned otherwise, whatever the sets at hand suggest: an organisation with many namesakes is not among
# them, and in Jira and GitLab people do have second accounts.
BOUNDS: dict[str, tuple[float | None, float | None]] = {
    "same_mailbox": (4.0, None),
    "same_host_account": (2.0, None),
    "same_login": (0.5, None),
    "common_login": (0.0, 1.0),
    "login_is_name": (0.5, None),
    "same_domain": (None, 0.0),
    "short_login": (None, 0.0),
    "same_rare_word": (0.0, None),
    "name_in_many_accounts": (None, -0.3),
    "login_in_many_accounts": (None, -0.3),
    "chance_of_namesakes": (None, -0.7),
    "last_name_is_common": (None, -0.3),
    "two_logins_of_one_source": (-2.0, -0.5),
}


class Labelled(msgspec.Struct, frozen=True):
    """Accounts, and for each the person behind it, or None where nobody says."""

    accounts: Sequence[Account]
    persons: Sequence[str | None]


def learn(sets: Sequence[Labelled], version: str) -> Weights:
    """Logistic regression over the candidate pairs of labelled accounts, within `BOUNDS`."""
    rows, labels, counts = [], [], []
    for one in sets:
        matrix, known = labelled_pairs(one)
        rows.append(matrix)
        labels.append(known)
        counts.append(np.full(len(known), WEIGHT_OF_A_SET / max(len(known), 1)))
    x = np.hstack([np.ones((sum(map(len, labels)), 1)), np.vstack(rows)]).astype(np.float64)
    fitted = _fit(x, np.concatenate(labels), np.concatenate(counts))
    values = [round(float(value), 3) for value in fitted]
    return Weights(version, values[0], dict(zip(FEATURES, values[1:], strict=True)))


def labelled_pairs(labelled: Labelled) -> tuple[NDArray[np.float16], NDArray[np.float64]]:
    """Features and truth of the candidate pairs of which both accounts have a known owner."""
    table = Table(labelled.accounts)
    pairs = find_pairs(table)
    owners = [
        {labelled.persons[position] for position in positions if labelled.persons[position]}
        for positions in table.accounts_of
    ]
    truth = np.full(len(pairs), np.nan)
    for pair, (left, right) in enumerate(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)):
        if owners[left] and owners[right]:
            truth[pair] = float(bool(owners[left] & owners[right]))
    known = ~np.isnan(truth)
    return measure(table, pairs)[known], truth[known]


def _fit(x: NDArray[np.float64], y: NDArray[np.float64], count: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.optimize import minimize

    sign = 2 * y - 1

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = sign * (x @ weights)
        slope = -sign * count / (1 + np.exp(margin))
        pull = REGULARISATION * np.r_[0.0, weights[1:]]
        return float(count @ np.logaddexp(0, -margin) + weights[1:] @ pull[1:] / 2), x.T @ slope + pull

    bounds: list[Any] = [(None, None), *(BOUNDS.get(name, (None, None)) for name in FEATURES)]
    start = np.array([min(max(0.0, low if low is not None else 0.0), high if high is not None else 0.0)
                      if high is not None and high < 0 else (low or 0.0) for low, high in bounds])  # fmt: skip
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 2000})
    return np.asarray(found.x)
