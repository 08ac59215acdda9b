package io.vicinal.data;

import java.util.ArrayList;
import java.util.List;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.format.ConvertedType;
import org.apache.parquet.format.FieldRepetitionType;
import org.apache.parquet.format.IntType;
import org.apache.parquet.format.LogicalType;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.format.Type;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type.Repetition;

/**
 * A column of a Parquet file: numbers, texts, lists of numbers, or something that is not read.
 * Lists are those of the specification's three levels, of the two levels that older writers have,
 * and fields that repeat without a list around them. Immutable.
 *
 * @param leaf its number among the chunks of a row group; of what is not read, its first
 * @param descriptor what decodes its pages; null where it is not read
 * @param element the type of its numbers, null where it has none
 * @param list whether a row has several
 * @param present the definition level from which on a list holds something
 * @param other what it is where it is neither numbers nor texts, else null
 */
record ParquetColumn(
    String name,
    int leaf,
    ColumnDescriptor descriptor,
    Element element,
    boolean list,
    int present,
    String other) {
  private static final int DEEPEST = 100;

  boolean isNumbers() {
    return element != null;
  }

  boolean isText() {
    return element == null && other == null;
  }

  /** The columns of a schema, which is a tree in the order of its nodes. */
  static List<ParquetColumn> of(List<SchemaElement> schema) {
    Walk walk = new Walk(schema);
    List<ParquetColumn> columns = new ArrayList<>();
    for (int left = walk.next().getNum_children(); left > 0; left--) {
      columns.add(walk.column());
    }
    if (walk.at != schema.size()) {
      throw new IllegalArgumentException("a schema of " + schema.size() + " nodes");
    }
    return columns;
  }

  /** How many chunks a row group of a schema has. */
  static int leaves(List<SchemaElement> schema) {
    return (int) schema.stream().skip(1).filter(node -> node.getNum_children() == 0).count();
  }

  private static final class Walk {
    private final List<SchemaElement> schema;
    private int at;
    private int leaf;

    Walk(List<SchemaElement> schema) {
      this.schema = schema;
    }

    SchemaElement next() {
      if (at == schema.size()) {
        throw new IllegalArgumentException("a schema that ends too early");
      }
      return schema.get(at++);
    }

    ParquetColumn column() {
      int first = leaf;
      SchemaElement top = next();
      if (top.getNum_children() == 0) {
        leaf++;
        return leaf(top, first, List.of(top));
      }
      SchemaElement inner = isList(top) && top.getNum_children() == 1 ? schema.get(at) : null;
      boolean two = inner != null && repeats(inner) && inner.getNum_children() == 0;
      boolean three =
          inner != null
              && repeats(inner)
              && inner.getNum_children() == 1
              && at + 1 < schema.size()
              && schema.get(at + 1).getNum_children() == 0
              && !repeats(schema.get(at + 1));
      if (!two && !three) {
        for (int left = top.getNum_children(); left > 0; left--) {
          skip(0);
        }
        String other = isList(top) ? "lists of lists or of structs" : "structs";
        return new ParquetColumn(top.getName(), first, null, null, false, 0, other);
      }
      leaf++;
      List<SchemaElement> path = two ? List.of(top, next()) : List.of(top, next(), next());
      return leaf(path.get(path.size() - 1), first, path);
    }

    private void skip(int depth) {
      SchemaElement node = next();
      if (depth > DEEPEST) {
        throw new IllegalArgumentException("a schema of more than " + DEEPEST + " levels");
      }
      leaf += node.getNum_children() == 0 ? 1 : 0;
      for (int left = node.getNum_children(); left > 0; left--) {
        skip(depth + 1);
      }
    }
  }

  private static ParquetColumn leaf(SchemaElement leaf, int number, List<SchemaElement> path) {
    int definition = 0;
    int present = 0;
    boolean list = false;
    for (SchemaElement node : path) {
      definition += node.getRepetition_type() == FieldRepetitionType.REQUIRED ? 0 : 1;
      if (repeats(node)) {
        list = true;
        present = definition;
      }
    }
    Element element = element(leaf);
    boolean text = element == null && isText(leaf);
    boolean read = element != null || text && !list;
    ColumnDescriptor descriptor =
        !read
            ? null
            : new ColumnDescriptor(
                path.stream().map(SchemaElement::getName).toArray(String[]::new),
                new PrimitiveType(
                    Repetition.valueOf(leaf.getRepetition_type().name()),
                    physical(leaf.getType()),
                    leaf.getType_length(),
                    leaf.getName()),
                list ? 1 : 0,
                definition);
    String other = read ? null : (list ? "lists of " : "") + (text ? "texts" : words(leaf));
    return new ParquetColumn(
        path.get(0).getName(), number, descriptor, element, list, present, other);
  }

  private static boolean repeats(SchemaElement node) {
    return node.getRepetition_type() == FieldRepetitionType.REPEATED;
  }

  private static boolean isList(SchemaElement node) {
    return node.getConverted_type() == ConvertedType.LIST
        || node.isSetLogicalType() && node.getLogicalType().isSetLIST();
  }

  private static PrimitiveTypeName physical(Type type) {
    return switch (type) {
      case BYTE_ARRAY -> PrimitiveTypeName.BINARY;
      default -> PrimitiveTypeName.valueOf(type.name());
    };
  }

  private static boolean isText(SchemaElement leaf) {
    if (leaf.getType() != Type.BYTE_ARRAY) {
      return false;
    }
    if (leaf.isSetLogicalType()) {
      LogicalType type = leaf.getLogicalType();
      return type.isSetSTRING() || type.isSetENUM() || type.isSetJSON();
    }
    ConvertedType type = leaf.getConverted_type(); // none: some writers say nothing of their texts
    return type == null
        || type == ConvertedType.UTF8
        || type == ConvertedType.ENUM
        || type == ConvertedType.JSON;
  }

  private static Element element(SchemaElement leaf) {
    LogicalType logical = leaf.isSetLogicalType() ? leaf.getLogicalType() : null;
    ConvertedType converted = leaf.getConverted_type();
    boolean plain = logical == null && converted == null;
    return switch (leaf.getType()) {
      case BOOLEAN -> Element.BOOL;
      case FLOAT -> Element.F32;
      case DOUBLE -> Element.F64;
      case FIXED_LEN_BYTE_ARRAY ->
          logical != null && logical.isSetFLOAT16() && leaf.getType_length() == 2
              ? Element.F16
              : null;
      case INT32, INT64 -> {
        int bits = leaf.getType() == Type.INT32 ? 32 : 64;
        if (logical != null && logical.isSetINTEGER()) {
          IntType type = logical.getINTEGER();
          yield integer(type.getBitWidth(), type.isIsSigned());
        }
        yield plain ? integer(bits, true) : logical != null ? null : integer(converted);
      }
      default -> null;
    };
  }

  private static Element integer(ConvertedType type) {
    return switch (type) {
      case INT_8 -> Element.I8;
      case INT_16 -> Element.I16;
      case INT_32 -> Element.I32;
      case INT_64 -> Element.I64;
      case UINT_8 -> Element.U8;
      case UINT_16 -> Element.U16;
      case UINT_32 -> Element.U32;
      case UINT_64 -> Element.U64;
      default -> null;
    };
  }

  private static Element integer(int bits, boolean signed) {
    return switch (bits) {
      case 8 -> signed ? Element.I8 : Element.U8;
      case 16 -> signed ? Element.I16 : Element.U16;
      case 32 -> signed ? Element.I32 : Element.U32;
      case 64 -> signed ? Element.I64 : Element.U64;
      default -> throw new IllegalArgumentException("integers of " + bits + " bits");
    };
  }

  /** What a column is that is neither numbers nor texts. */
  private static String words(SchemaElement leaf) {
    LogicalType logical = leaf.isSetLogicalType() ? leaf.getLogicalType() : null;
    ConvertedType converted = leaf.getConverted_type();
    if (logical != null && logical.isSetUNKNOWN()) {
      return "nothing";
    }
    if (logical != null && logical.isSetDECIMAL() || converted == ConvertedType.DECIMAL) {
      return "decimals";
    }
    boolean time =
        leaf.getType() == Type.INT96
            || leaf.getType() == Type.INT32
            || leaf.getType() == Type.INT64;
    return time ? "times" : "raw bytes";
  }
}
