package io.vicinal.data;

import java.util.List;

/**
 * Columns of a table as its header has them, and the path of the table without them. Immutable.
 *
 * @param names in quotes where they need them
 * @param others such as {@code t.csv:a..f}
 */
public record TableColumns(List<String> names, String others) {}
