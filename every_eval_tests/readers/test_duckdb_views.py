import os
import random
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

import every_eval
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.readers.published_tables import TABLES
from every_eval_tests.hub.hub_server import HubServer
from every_eval_tests.orchestration.deployment import DATA, SCORES
from every_eval_tests.readers.conftest import Publisher

WITHOUT_DAGSTER = """
import sys

sys.modules["dagster"] = None  # an import of Dagster would fail

import every_eval

assert every_eval.connect(sys.argv[1]).sql("SELECT model_name FROM leaderboard").fetchall() == [("a",)]
assert every_eval.table("leaderboard", hub=sys.argv[1])["model_name"].to_pylist() == ["a"]
assert not [name for name in sys.modules if name.partition(".")[0] == "dagster" and sys.modules[name]]
"""


def test_every_table_has_a_view_with_the_contracts_columns_also_without_files(publisher: Publisher) -> None:
    publisher.rank("a")
    connection = every_eval.connect(publisher.place)
    for name, table in TABLES.items():
        rows = connection.sql(f'SELECT * FROM "{name}"')
        assert rows.columns == table.schema.names
        assert len(rows.fetchall()) == (1 if table is LEADERBOARD else 0)


def test_views_and_columns_say_what_they_mean_and_where_their_rows_are_from(publisher: Publisher) -> None:
    commit = publisher.rank("a")
    connection = every_eval.connect(publisher.place)
    comments = dict(connection.sql("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal").fetchall())
    assert comments.keys() == TABLES.keys()
    assert comments["leaderboard"] == f"{LEADERBOARD.doc} Read from 1 files of {SCORES} at commit {commit}."
    columns = "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'leaderboard'"
    meanings = {column.name: column.meaning for column in LEADERBOARD.columns}
    assert dict(connection.sql(columns).fetchall()) == meanings


@pytest.mark.parametrize("reader", ["connect", "table"])
def test_the_help_of_a_reader_describes_every_table(reader: str) -> None:
    text = getattr(every_eval, reader).__doc__
    assert [name for name, table in TABLES.items() if f"\n{name}: {table.doc}\n" not in text] == []


@pytest.mark.parametrize("lacking", [["detail"], ["detail", "file"]])
def test_a_column_that_an_older_file_lacks_is_null(publisher: Publisher, lacking: list[str]) -> None:
    publisher.reject(1, "new.json")
    newer = every_eval.table("rejects", hub=publisher.place)
    older = publisher.scratch / "older.parquet"
    pq.write_table(newer.drop_columns(lacking), older)
    publisher.commit(DATA, "rejects/helm_lite/helm_lite_part_00002.parquet", older.read_bytes())

    connection = every_eval.connect(publisher.place)
    assert sorted(connection.sql("SELECT detail FROM rejects").fetchall(), key=str) == [("",), (None,)]
    assert connection.sql("SELECT count(*) FROM rejects WHERE detail IS NULL AND run IS NOT NULL").fetchall() == [(1,)]
    assert every_eval.table("rejects", hub=publisher.place)["detail"].to_pylist() == ["", None]


def test_of_a_large_file_on_the_hub_a_query_fetches_a_part_and_once(online: tuple[Publisher, HubServer]) -> None:
    publisher, server = online
    noise = random.Random(1)
    names = [f"{number}.json" for number in range(400)]
    text = "".join(chr(noise.randrange(0x4E00, 0x9FFF)) for _ in range(10_000))
    publisher.reject(1, "small.json")
    publisher.reject(2, *names, detail="")
    large = publisher.scratch / "large.parquet"
    rows = every_eval.table("rejects", hub=publisher.place, file=names)
    details = [text[at:] + text[:at] for at in range(len(names))]
    rows = rows.set_column(rows.schema.names.index("detail"), rows.schema.field("detail"), [details])
    pq.write_table(rows, large, compression="none", use_dictionary=False)
    publisher.commit(DATA, "rejects/helm_lite/helm_lite_part_00002.parquet", large.read_bytes())
    assert large.stat().st_size > 11_000_000

    server.requests.clear()
    connection = every_eval.connect(publisher.place)
    assert server.count("resolve") == 0
    sent = server.sent
    query = "SELECT count(DISTINCT file), min(run) FROM rejects"
    assert connection.sql(query).fetchall() == [(401, "gsm:model=a")]
    assert server.sent - sent < 4_000_000
    n_requests = len(server.requests)
    assert connection.sql(query).fetchall() == [(401, "gsm:model=a")]
    assert len(server.requests) == n_requests
    assert {authorization for _, _, authorization in server.requests} == {None}


def test_duckdb_loads_no_extension_that_it_would_have_to_download(online: tuple[Publisher, HubServer]) -> None:
    publisher, _ = online
    publisher.rank("a")
    connection = every_eval.connect(publisher.place)
    assert len(connection.sql("SELECT * FROM leaderboard").fetchall()) == 1
    loaded = "SELECT extension_name FROM duckdb_extensions() WHERE loaded AND install_mode <> 'STATICALLY_LINKED'"
    assert connection.sql(loaded).fetchall() == []


def test_readers_need_neither_dagster_nor_a_token(folder: Publisher) -> None:
    folder.rank("a")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "DAGSTER"))}
    command = [sys.executable, "-W", "error", "-c", WITHOUT_DAGSTER, folder.place]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_without_duckdb_the_error_says_what_to_install(folder: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(ImportError, match=r"pip install 'every_eval\[query\]'"):
        every_eval.connect(folder.place)
