"""Comparisons of models item by item, from the response matrix.

item_values.py    the value of each item of a statistic, such that their mean is the statistic
cell_strata.py    the items behind the scores of a column, as strata of a board
strata_on_disk.py the strata of a board, of which one at a time is in memory
board.py          all pairs of models of a main table: in each column, and over all columns
"""
