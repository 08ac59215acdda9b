package io.vicinal.data;

import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/** A {@link TableFile} as Parquet: a matrix is a column of lists. Stateless. */
final class ParquetTable {
  private static final long GROUP = 16 << 20; // bytes of a row group, which is in memory
  private static final long MOST_ROWS = 1 << 18;

  private ParquetTable() {}

  static void write(OutputStream out, long rows, List<TableColumn> columns) throws IOException {
    long bytes = 16;
    List<Type> fields = new ArrayList<>();
    for (TableColumn column : columns) {
      fields.add(field(column));
      bytes += column.matrix() == null ? 16 : column.matrix().dim(1) * 8;
    }
    MessageType schema = new MessageType("vicinal", fields);
    List<ColumnDescriptor> descriptors = schema.getColumns();
    long group = Math.max(1, Math.min(MOST_ROWS, GROUP / bytes));
    ParquetWriter.write(
        out,
        schema,
        rows,
        group,
        (store, row) -> {
          for (int j = 0; j < descriptors.size(); j++) {
            write(columns.get(j), store, descriptors.get(j), row);
          }
        });
  }

  private static Type field(TableColumn column) {
    if (column.matrix() != null) {
      return Types.requiredGroup()
          .as(LogicalTypeAnnotation.listType())
          .repeatedGroup()
          .required(
              switch (column.matrix().dtype()) {
                case F32 -> PrimitiveTypeName.FLOAT;
                case F64 -> PrimitiveTypeName.DOUBLE;
                case I64 -> PrimitiveTypeName.INT64;
              })
          .named("element")
          .named("list")
          .named(column.name());
    }
    if (column.text() != null) {
      return Types.required(PrimitiveTypeName.BINARY)
          .as(LogicalTypeAnnotation.stringType())
          .named(column.name());
    }
    return Types.required(
            column.whole() != null ? PrimitiveTypeName.INT64 : PrimitiveTypeName.DOUBLE)
        .named(column.name());
  }

  private static void write(
      TableColumn column, ColumnWriteStore store, ColumnDescriptor descriptor, long row) {
    ColumnWriter writer = store.getColumnWriter(descriptor);
    if (column.whole() != null) {
      writer.write(column.whole().applyAsLong(row), 0, 0);
    } else if (column.number() != null) {
      writer.write(column.number().applyAsDouble(row), 0, 0);
    } else if (column.text() != null) {
      writer.write(Binary.fromString(column.text().apply(row)), 0, 0);
    } else {
      list(column.matrix(), writer, row);
    }
  }

  private static void list(Tensor matrix, ColumnWriter writer, long row) {
    Tensor values = matrix.rows(row, row + 1);
    int more = 0; // the repetition level: 1 behind the first
    if (matrix.dtype() == DType.F32) {
      for (float value : values.toFloats()) {
        writer.write(value, more, 1);
        more = 1;
      }
    } else if (matrix.dtype() == DType.F64) {
      for (double value : values.toDoubles()) {
        writer.write(value, more, 1);
        more = 1;
      }
    } else {
      for (long value : values.toLongs()) {
        writer.write(value, more, 1);
        more = 1;
      }
    }
  }
}
