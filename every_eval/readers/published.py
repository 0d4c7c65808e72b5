"""What a reader reads: the data repo and the scores repo, each at one commit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.repo_layout import files_of
from every_eval.contracts.table import Table
from every_eval.errors import ConfigurationError
from every_eval.readers.folder_place import FolderPlace
from every_eval.readers.place import Place
from every_eval.readers.published_tables import DATA_TABLES
from every_eval.settings import HUGGING_FACE, HubSettings, read_settings


@dataclass(frozen=True)
class PublishedRepo:
    """A repo at one commit."""

    place: Place
    repo: str
    commit: str | None
    """Id of the commit; null if there is none, as in a folder that was downloaded."""

    @cached_property
    def files(self) -> Mapping[str, str]:
        """Address of each file, by path."""
        return self.place.files(self.repo, self.commit)


@dataclass(frozen=True)
class Published:
    """The two repos as one reader sees them."""

    place: Place
    data: PublishedRepo
    scores: PublishedRepo

    def repo_of(self, table: Table) -> PublishedRepo:
        """Return the repo that has the table."""
        return self.data if table in DATA_TABLES else self.scores

    def addresses(self, table: Table) -> list[str]:
        """Return the addresses of the table's newest files."""
        repo = self.repo_of(table)
        return [repo.files[path] for path in files_of(table, repo.files)]

    def read(
        self,
        table: Table,
        columns: Sequence[str] | None = None,
        condition: pc.Expression | None = None,
    ) -> pa.Table:
        """Return columns (null: all) of the table's rows that fulfil a condition; a column that a file lacks is null.

        Raises:
            HubUnavailable: the Hub does not answer.
        """
        import pyarrow.dataset as ds  # imports pandas, which most readers do not need

        addresses = self.addresses(table)
        if not addresses:
            return table.empty.select(columns or table.schema.names)
        with self.place.explained(f"read {table.name}"):
            rows = ds.dataset(addresses, table.schema, format="parquet", filesystem=self.place.filesystem)
            return rows.to_table(columns=columns, filter=condition)

    def check(self) -> None:
        """Raise `ConfigurationError` if nothing is published."""
        if not self.data.files and not self.scores.files:
            raise ConfigurationError(
                f"{self.data.repo} and {self.scores.repo} have no files in {self.place.name}. Pass another folder, or "
                f"{HUGGING_FACE}, as hub, or set EVERY_EVAL_HUB, EVERY_EVAL_DATA_REPO and EVERY_EVAL_SCORES_REPO. "
                "Private repos on the Hub need HF_TOKEN."
            )


def open_published(
    hub: str | Path | None = None,
    revision: str | None = None,
    *,
    data_repo: str | None = None,
    scores_repo: str | None = None,
) -> Published:
    """Return the published repos.

    Args:
        hub: A folder, or `huggingface`; null: by the setting EVERY_EVAL_HUB.
        revision: Id of a commit of either repo; the other repo is read as it was at the time of that commit. On the
            Hub also a branch or a tag. Null: the newest commits.
        data_repo: Name of the data repo; null: by the setting EVERY_EVAL_DATA_REPO.
        scores_repo: Name of the scores repo; null: by the setting EVERY_EVAL_SCORES_REPO.

    Raises:
        ConfigurationError: neither repo has the revision, or the Hub rejects the token.
        HubUnavailable: the Hub does not answer.
    """
    settings = read_settings(HubSettings)
    place = _place(str(hub or settings.hub), settings)
    repos = (data_repo or settings.data_repo, scores_repo or settings.scores_repo)
    commits = _commits(place, repos, revision)
    data, scores = (PublishedRepo(place, repo, commit) for repo, commit in commits.items())
    return Published(place, data, scores)


def _place(where: str, settings: HubSettings) -> Place:
    if where != HUGGING_FACE:
        return FolderPlace(Path(where))
    # The Hub's client takes half a second to import, and a folder does not need it.
    from every_eval.readers.hub_place import HubPlace

    return HubPlace(settings.token.get_secret_value().strip() if settings.token else None, settings.endpoint)


def _commits(place: Place, repos: tuple[str, str], revision: str | None) -> dict[str, str | None]:
    """Return the commit of each repo at the revision."""
    found = {repo: place.find(repo, revision) for repo in repos}
    if revision is None or None not in found.values():
        return found
    moments = [next(place.history(repo, commit))[1] for repo, commit in found.items() if commit]
    if not moments:
        raise ConfigurationError(f"Neither {repos[0]} nor {repos[1]} has a revision {revision!r} in {place.name}.")
    for repo in (repo for repo, commit in found.items() if commit is None):
        found[repo] = next((commit for commit, moment in place.history(repo) if moment <= moments[0]), None)
    return found
