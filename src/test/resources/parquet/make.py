"""Writes the Parquet files beside this one, as other programs write them.

pip install pyarrow==25.0.1 polars==1.44.2 duckdb==1.5.6 fastparquet==2026.9.0 pandas==3.0.6
python make.py

Row i of every file: embedding = [i + j / 8 - 2 for j in 0..3], label "cat", "dog" or "Zürich"
(i % 3), id = 10 * i, weight = i / 4, test = (i % 2 == 1). Seven rows.
"""

import duckdb
import fastparquet
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

N, D = 7, 4
E = [[i + j / 8 - 2 for j in range(D)] for i in range(N)]
LABELS = [("cat", "dog", "Zürich")[i % 3] for i in range(N)]
PLAIN = {
    "label": LABELS,
    "id": [10 * i for i in range(N)],
    "weight": [i / 4 for i in range(N)],
    "test": [i % 2 == 1 for i in range(N)],
}


def table(kind):
    return pa.table({"embedding": pa.array(E, kind), **PLAIN})


FLOATS = pa.list_(pa.float32())
for codec in ("none", "snappy", "gzip", "zstd", "lz4"):
    pq.write_table(table(FLOATS), f"pyarrow-{codec}.parquet", compression=codec, row_group_size=3)
pq.write_table(table(pa.list_(pa.float32(), D)), "pyarrow-fixed.parquet")
pq.write_table(
    table(FLOATS), "pyarrow-two-levels.parquet", use_compliant_nested_type=False, version="1.0"
)
pq.write_table(
    table(pa.list_(pa.float64())),
    "pyarrow-pages2.parquet",
    data_page_version="2.0",
    compression="zstd",
    use_dictionary=False,
    data_page_size=1,
    write_batch_size=1,
    write_page_checksum=True,
)
pq.write_table(table(pa.list_(pa.float16())), "pyarrow-half.parquet")
pq.write_table(
    pa.table({"embedding": pa.array([[int(8 * x) for x in row] for row in E], pa.list_(pa.int32()))}),
    "pyarrow-integers.parquet",
)
pq.write_table(
    table(FLOATS),
    "pyarrow-split.parquet",
    use_dictionary=False,
    column_encoding={
        "embedding.list.element": "BYTE_STREAM_SPLIT",
        "label": "DELTA_BYTE_ARRAY",
        "id": "DELTA_BINARY_PACKED",
    },
)
required = pa.field("embedding", pa.list_(pa.field("element", pa.float32(), False)), False)
pq.write_table(
    pa.table([pa.array(E, required.type)], pa.schema([required])), "pyarrow-required.parquet"
)
pq.write_table(
    pa.table({"embedding": pa.array(E[:3] + [None] + E[4:], FLOATS)}), "bad-null-list.parquet"
)
pq.write_table(
    pa.table({"embedding": pa.array(E[:3] + [[1, None, 2, 3]] + E[4:], FLOATS)}),
    "bad-null-number.parquet",
)
pq.write_table(
    pa.table({"embedding": pa.array(E[:5] + [[1, 2, 3]] + E[6:], FLOATS)}), "bad-short.parquet"
)
pq.write_table(
    pa.table({"embedding": pa.array(E[:5] + [[]] + E[6:], FLOATS)}), "bad-empty.parquet"
)
pq.write_table(
    pa.table({"embedding": pa.array(E[:2] + [[1, float("nan"), 2, 3]] + E[3:], FLOATS)}),
    "bad-nan.parquet",
)
pq.write_table(
    pa.table({"when": pa.array([0, 1], pa.timestamp("ms")), "nested": [[[1.0]], [[2.0]]]}),
    "bad-types.parquet",
)
pq.write_table(table(FLOATS), "bad-codec.parquet", compression="brotli")

frame = pd.DataFrame({"embedding": [np.float32(row) for row in E], **PLAIN})
frame.to_parquet("pandas.parquet", index=True)
frame.set_index(pd.Index([5, 6, 8, 7, 9, 10, 11])).drop(columns=["embedding", "label", "test"]).to_parquet(
    "pandas-index.parquet"
)
pl.DataFrame({"embedding": pl.Series(E, dtype=pl.List(pl.Float32)), **PLAIN}).write_parquet(
    "polars.parquet"
)
pl.DataFrame(
    {"embedding": pl.Series(E, dtype=pl.Array(pl.Float32, D)), **PLAIN}
).write_parquet("polars-array.parquet")
arrow = table(FLOATS)
duckdb.sql("copy (select embedding::float[] as embedding, * exclude embedding from arrow) to 'duckdb.parquet' (format parquet)")
duckdb.sql(f"copy (select embedding::float[{D}] as embedding, * exclude embedding from arrow) to 'duckdb-array.parquet' (format parquet, parquet_version v2, compression zstd)")
fastparquet.write("fastparquet.parquet", frame.drop(columns="embedding"), compression="SNAPPY")

dataset = {
    "label": ["dog", "cat", "car", "car"],
    "path": ["p/1.jpg", "p/2.jpg", "p/3.jpg", "p/4.jpg"],
    "split": ["train", "train", "validation", "validation"],
    "is_query": [None, None, True, False],
    "is_gallery": [None, None, False, True],
    "photographer": ["ann", "bob", None, "ann"],
    "category": ["animal", "animal", "thing", "thing"],
    "x_1": [None, 10, None, None],
    "x_2": [None, 20, None, None],
    "y_1": [None, 30, None, None],
    "y_2": [None, 50.5, None, None],
    "embedding": E[:4],
}
pl.DataFrame(dataset).write_parquet("dataset-polars.parquet")
pd.DataFrame(dataset).set_index(pd.Index([3, 1, 2, 0])).to_parquet("dataset-pandas.parquet")
bad = {"label": ["dog", None, "car"], "path": ["p/1.jpg", "p/2.jpg", "p/9.jpg"]}
pl.DataFrame(bad).write_parquet("dataset-bad.parquet")
