"""Whatever goes wrong at a bucket, all that is published is what a bucket without faults gives."""

import random
from collections.abc import Callable
from pathlib import Path

from every_eval.storage.folder import FolderStorage
from every_eval_tests.chaos.attacks import IS_WHOLE, change_root, seeds
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.ingestion.buckets import objects_of, publishing_from
from every_eval_tests.storage.bucket_server import (
    LISTING,
    BucketServer,
    Fault,
    busy,
    cut,
    dripping,
    flipped,
    reset,
    truncated,
)

N_WEEKS = 3 if IS_WHOLE else 2
N_FAULTS = 40
KINDS: list[Callable[[random.Random], Fault]] = [
    lambda dice: busy(dice.choice([408, 429, 500, 502, 503, 504]), dice.choice([None, "0"])),
    lambda dice: cut(dice.randrange(3000)),
    lambda dice: reset(dice.randrange(3000)),
    lambda dice: truncated(dice.randrange(3000)),
    lambda _: dripping(500),
    lambda _: flipped,
]


@seeds(25)
def test_a_bad_time_at_the_bucket_changes_nothing_that_is_published(root: HelmRoot, tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    with BucketServer({}) as good, BucketServer({}, page_objects=dice.choice([7, 1000])) as bad:
        for week in range(N_WEEKS):
            good.objects = objects_of(FolderStorage(root.path))
            bad.objects = dict(good.objects)
            for _ in range(N_FAULTS):
                name = dice.choice([*bad.objects, LISTING, LISTING, "*"])
                bad.spoil(name, dice.choice(KINDS)(dice), dice.choice([1, 1, 2, 9]))
            for _ in range(40):
                publishing = publishing_from(bad, tmp_path / "bad")
                [found] = publishing.discover()
                publishing.ingest(publishing.to_do())
                if found.error is None and not publishing.to_do():
                    break
                bad.heal() if dice.random() < 0.2 else None
            publishing_from(good, tmp_path / "good").refresh()
            bad.heal()
            publishing_from(bad, tmp_path / "bad").refresh()
            assert publishing.contents() == publishing_from(good, tmp_path / "good").contents(), f"week {week}"
            change_root(root, dice, week)
