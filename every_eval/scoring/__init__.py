"""The daily job: find out what is new in the data repo, update the state, and publish the scores.

change_detection.py   what is new: which state files the published shards call for
state/                the state: statistics and item scores of all published shards, kept in the scores repo
responses/            the scores of runs on single items, from the state
comparisons/          all pairs of models, item by item
tables/               the rows of each published table
checks/               what must hold of the rows before they are published
isolation.py          the boundary: what cannot be scored is left out, named, and costs no other
presentation/         what people are shown: the dataset card, the plot, the news, previews
item_tables.py        the tables of one benchmark that compare its runs item by item
compared_release.py   a release whose models are compared, with its leaderboard
release_tables.py     these tables and the history, from all releases of a benchmark
benchmark_scorer.py   all tables of one benchmark
benchmark_part.py     one benchmark in the files: its new scores, or its published rows
source_comparisons.py the comparisons of runs of different sources
build.py              all files of one source
scorer.py             the commit of the scores repo
"""
