from pathlib import Path

import pyarrow as pa

from every_eval.scoring.tables.spill import Spill


def _rows(*texts: str | None) -> pa.Table:
    return pa.table({"text": pa.array(texts).dictionary_encode(), "groups": [[text] * 2 for text in texts]})


def test_a_part_is_read_in_the_order_in_which_it_was_written_and_is_deleted_then(tmp_path: Path) -> None:
    spill = Spill(tmp_path)
    spill.add(7, _rows("a", None))
    spill.add(0, _rows("z"))
    spill.add(7, _rows("b", "a").slice(0, 1))

    assert len(list(tmp_path.iterdir())) == 2
    rows = spill.take(7)
    assert rows["text"].to_pylist() == ["a", None, "b"]
    assert rows["groups"].to_pylist() == [["a", "a"], [None, None], ["b", "b"]]
    assert spill.take(0)["text"].to_pylist() == ["z"]
    assert list(tmp_path.iterdir()) == []
