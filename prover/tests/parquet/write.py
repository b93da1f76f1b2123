"""Writes the Parquet files of tests/ledger_parquet.rs into a folder: good ones with the rows of ledger.csv, and bad ones.

Usage: write.py FOLDER; or write.py FOLDER ROWS for one file with that many rows.
"""
import csv
import sys
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

folder = sys.argv[1]


def write(name, columns, **options):
    pq.write_table(pa.table(columns), f"{folder}/{name}.parquet", **options)


def decimals(values, precision, scale):
    return pa.array([Decimal(value) for value in values], pa.decimal128(precision, scale))


if len(sys.argv) > 2:
    rows = int(sys.argv[2])
    columns = {
        "account": pa.array(f"account-{row * 7919 % rows:09}" for row in range(rows)),
        "asset": pa.array(["BTC"] * rows).dictionary_encode(),
        "amount": pa.array((Decimal(row) / 10**8 for row in range(rows)), pa.decimal128(38, 18)),
    }
    write(f"rows-{rows}", columns)
    sys.exit()

ledger = list(csv.DictReader(open(f"{folder}/ledger.csv", newline="", encoding="utf-8")))
account, asset, amount = ([row[name] for row in ledger] for name in ("account", "asset", "amount"))


def good(name, amounts, **options):
    columns = {"amount": amounts, "account": account, "asset": asset}
    write(f"good-{name}", columns, **options)


good("int32", decimals(amount, 9, 4), store_decimal_as_integer=True)
good("int64", decimals(amount, 18, 8), store_decimal_as_integer=True)
good("fixed", decimals(amount, 38, 18))
good("fixed-short", decimals(amount, 12, 5))
good("text", pa.array(amount))
good("no-dictionary", decimals(amount, 38, 18), use_dictionary=False)
good("plain", decimals(amount, 38, 18), compression="none")
good("snappy", decimals(amount, 38, 18), compression="snappy")
good("zstd", decimals(amount, 38, 18), compression="zstd")
good("groups", decimals(amount, 38, 18), row_group_size=7)
good("pages", decimals(amount, 38, 18), data_page_size=64, write_batch_size=5)
good("version-2", decimals(amount, 38, 18), data_page_version="2.0", write_page_index=True)
good("version-1", decimals(amount, 38, 18), version="1.0")
required = pa.schema(
    [pa.field(name, kind, nullable=False) for name, kind in
     (("account", pa.string()), ("asset", pa.string()), ("amount", pa.decimal128(38, 18)))]
)
table = pa.table({"account": account, "asset": asset, "amount": decimals(amount, 38, 18)}, schema=required)
pq.write_table(table, f"{folder}/good-required.parquet")

one = {"account": ["ann", "bob"], "asset": ["BTC", "BTC"], "amount": decimals(["1", "2"], 38, 18)}


def bad(name, **changed):
    columns = {key: value for key, value in {**one, **changed}.items() if value is not None}
    write(f"bad-{name}", columns)


bad("float64", amount=pa.array([0.1, 0.2]))
bad("float32", amount=pa.array([0.1, 0.2], pa.float32()))
bad("integer", amount=pa.array([1, 2]))
bad("decimal-76", amount=pa.array([Decimal(1), Decimal(2)], pa.decimal256(76, 18)))
bad("boolean", amount=pa.array([True, False]))
bad("account-integer", account=pa.array([1, 2]))
bad("account-binary", account=pa.array([b"ann", b"bob"]))
bad("account-date", account=pa.array([1, 2], pa.timestamp("ms")))
bad("null-amount", amount=pa.array([Decimal(1), None], pa.decimal128(38, 18)))
bad("null-account", account=[None, "bob"])
bad("null-asset", asset=["BTC", None])
bad("list", amount=pa.array([[Decimal(1)], [Decimal(2)]], pa.list_(pa.decimal128(38, 18))))
bad("struct", amount=pa.array([{"units": "1"}, {"units": "2"}]))
bad("column", note=["a", "b"])
bad("case", Account=["a", "b"], account=None)
bad("missing", asset=None)
bad("empty", account=pa.array([], pa.string()), asset=pa.array([], pa.string()),
    amount=pa.array([], pa.decimal128(38, 18)))
bad("negative", amount=decimals(["1", "-2"], 38, 18))
bad("nan", amount=pa.array(["1", "NaN"]))
bad("precise", amount=decimals(["1", "0.123456789"], 38, 18))
bad("asset", asset=["BTC", "btc"])
bad("account", account=["ann", "bob "])
bad("twice", account=["ann", "ann"])
bad("total", amount=decimals(["184467440737", "1"], 38, 18))
twice = pa.Table.from_arrays([pa.array(["ann"])] * 2 + [pa.array(["BTC"]), pa.array(["1"])],
                             names=["account", "account", "asset", "amount"])
pq.write_table(twice, f"{folder}/bad-column-twice.parquet")
write("bad-gzip", one, compression="gzip")
# A page of 200 MB in a few kilobytes.
write("bad-bomb", {**one, "account": ["a" * 200_000_000, "bob"]}, compression="zstd", use_dictionary=False)

many = 12345
write("many", {"account": [f"account-{row:06}" for row in range(many)], "asset": ["BTC"] * many,
               "amount": decimals(["0.5"] * many, 38, 18)})
