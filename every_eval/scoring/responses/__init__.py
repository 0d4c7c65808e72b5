"""The response matrix: the scores of runs on single items, read from the state for comparisons.

item_scores_files.py   rows of the item scores, streamed from the files of the state
item_numbers.py        one number for each item, the same in every run, benchmark and source
response_store.py      the responses of each statistic of each run, on disk and read one statistic at a time
"""
