"""`python -m tests.bench.learn_ranking FOLDER…`: learns the weights of the reranker from test sets in BEIR's format.

Of each folder `qrels/train.tsv` is learned from and `qrels/test.tsv` judges. A line through the features is fitted to
pairs of hits of one question, of which one answers and the other does not (logistic regression on their difference;
Herbrich, Graepel and Obermayer 2000). Its scores then become likelihoods by Platt's method: over the best hit of each
question, and over the best hit once all that answers is taken away, so that a question that nothing answers is known
for one.
The result is `weights.json` of `ovia_rag.retrieval`.
"""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

import ovia_rag.retrieval
from ovia_rag.providers.embedded import Embedded
from ovia_rag.retrieval import features as kinds
from ovia_rag.retrieval.finding import Finder
from ovia_rag.retrieval.ranking import Learned, Weights
from ovia_shared.models.ask import Search
from tests.bench.ask_organisation import Bench, organisation
from tests.bench.beir import pieces, sample
from tests.bench.beir_folder import Collection, read
from tests.bench.ranking_measures import ndcg
from tests.bench.report import Table, publish
from tests.rag.filling import fill

QUESTIONS = 1200
JUDGED = 600
# What a weight costs by its square, beside the mean loss of a pair: enough that one feature does not decide alone.
STRENGTH = 0.003
SETS = {
    "text": kinds.TEXT,
    "vectors": (*kinds.TEXT, *kinds.VECTOR),
    "words": (*kinds.TEXT, *kinds.VECTOR, *kinds.WORDS),
}


class Asked(msgspec.Struct, frozen=True):
    """The hits of a question in the order of the fused rankings: ids, features, and what was judged."""

    documents: list[str]
    features: list[dict[str, float]]
    judged: dict[str, int]


def main() -> int:
    """Writes the weights and prints what they measure on the questions kept for that."""
    folders = [Path(name).expanduser() for name in sys.argv[1:]]
    if not folders:
        print("usage: python -m tests.bench.learn_ranking FOLDER…", file=sys.stderr)
        return 2
    learning: list[Asked] = []
    judging: list[Asked] = []
    for folder in folders:
        train, test = asyncio.run(_asked(read(folder, "train"), read(folder, "test")))
        learning += train
        judging += test
    publish("ranking", write([folder.name for folder in folders], learning, judging))
    return 0


def write(names: Sequence[str], learning: Sequence[Asked], judging: Sequence[Asked]) -> list[Table]:
    """Learns, and writes the weights with what they measure."""
    found = {name: learn(learning, kinds) for name, kinds in SETS.items()}
    how: dict[str, str | int | float] = {
        "by": "python -m tests.bench.learn_ranking",
        "from": ", ".join(names),
        "embedder": Embedded.model,
        "questions_learned_from": len(learning),
        "questions_judged_by": len(judging),
        "ndcg_fused": round(_measured(judging, None), 4),
    }
    how |= {f"ndcg_{name}": round(_measured(judging, weights), 4) for name, weights in found.items()}
    path = Path(ovia_rag.retrieval.__file__).with_name("weights.json")
    path.write_bytes(msgspec.json.format(msgspec.json.encode(Learned(how, **found)), indent=2) + b"\n")
    rows = tuple((name, str(value)) for name, value in how.items())
    thresholds = tuple(_refusals(judging, found["words"]))
    refused = Table("Best hit below the threshold", ("threshold", "answerable", "unanswerable"), thresholds)
    return [Table("Learned", ("what", "value"), rows), refused]


def learn(asked: Sequence[Asked], names: Sequence[str]) -> Weights:
    """Weights of the named features, and what makes likelihoods of their scores."""
    fitted = _fitted(np.vstack([pair for one in asked for pair in _pairs(one, names)]))
    weights = {name: round(float(value), 4) for name, value in zip(names, fitted, strict=True)}
    line = Weights(weights, 1.0, 0.0)
    best = [pair for one in asked for pair in _best(one, line)]
    scores, answers = np.array([[score] for score, _ in best]), np.array([answer for _, answer in best])
    platt = LogisticRegression(C=100.0, max_iter=1000).fit(scores, answers)
    return Weights(line.weights, round(float(platt.coef_[0][0]), 4), round(float(platt.intercept_[0]), 4))


def _fitted(differences: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weights, none below 0: having more in common must never make a hit worse."""

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margins = differences @ weights
        wrong = 1 / (1 + np.exp(np.clip(margins, -50, 50)))
        value = float(np.logaddexp(0, -margins).mean() + STRENGTH * (weights @ weights))
        return value, -(differences.T @ wrong) / len(differences) + 2 * STRENGTH * weights

    start = np.ones(differences.shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(start))
    return np.asarray(found.x, dtype=np.float64)


def _pairs(one: Asked, names: Sequence[str]) -> Iterator[NDArray[np.float64]]:
    rows = np.array([[row[name] for name in names] for row in one.features]).reshape(-1, len(names))
    answers = np.array([one.judged.get(document, 0) > 0 for document in one.documents], dtype=bool)
    if answers.any() and not answers.all():
        # The best thirty others: what is far behind teaches nothing.
        others = rows[~answers][:30]
        for row in rows[answers]:
            yield row - others


def _best(one: Asked, line: Weights) -> Iterator[tuple[float, bool]]:
    hits = zip(one.documents, one.features, strict=True)
    scored = sorted(((line.score(has), one.judged.get(document, 0) > 0) for document, has in hits), reverse=True)
    yield from scored[:1]
    yield from [pair for pair in scored if not pair[1]][:1]


def _measured(asked: Sequence[Asked], weights: Weights | None) -> float:
    """Mean nDCG@10, of the order they came in if there are no weights."""
    return float(np.mean([ndcg(_order(one, weights), one.judged) for one in asked]))


def _order(one: Asked, weights: Weights | None) -> list[str]:
    places = range(len(one.documents))
    if weights is None:
        return one.documents
    return [one.documents[place] for place in sorted(places, key=lambda place: -weights.score(one.features[place]))]


def _refusals(asked: Sequence[Asked], weights: Weights) -> Iterator[tuple[str, str, str]]:
    best = [pair for one in asked for pair in _best(one, weights)]
    for threshold in (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6):
        answered, unanswered = (
            np.mean([weights.likelihood(score) < threshold for score, answer in best if answer is wanted])
            for wanted in (True, False)
        )
        yield f"{threshold}", f"{answered:.1%}", f"{unanswered:.1%}"


async def _asked(train: Collection, test: Collection) -> tuple[list[Asked], list[Asked]]:
    async with organisation() as bench:
        embedder = Embedded()
        await fill(bench.rag, bench.org_id, pieces(train.documents), embedder)
        await bench.admin.execute("vacuum analyze")
        finder = Finder(embedder)
        return (
            [await _one(bench, finder, train, question) for question in sample(train, QUESTIONS)],
            [await _one(bench, finder, test, question) for question in sample(test, JUDGED)],
        )


async def _one(bench: Bench, finder: Finder, collection: Collection, question: str) -> Asked:
    text = collection.questions[question]
    vector = await finder.vector(text, [])
    async with bench.rag.transaction(bench.org_id) as conn:
        _, ranked = await finder.ranked(
            conn, bench.org_id, Search(text=text[:4000]), as_of=datetime.now(UTC), vector=vector
        )
    fused = sorted(ranked, key=lambda one: -one.hit.fused)
    return Asked(
        [one.hit.external_id for one in fused],
        [{"alike": 0.0, **one.features} for one in fused],
        collection.judged[question],
    )


if __name__ == "__main__":
    sys.exit(main())
