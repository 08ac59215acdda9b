package io.vicinal.cli.explain;

import io.vicinal.InputException;
import io.vicinal.data.LabelNoise;
import io.vicinal.explain.Labelled;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Translates lists of wrong labels between the user's numbers (positions in the dataset, class ids)
 * and those of some samples. Stateless.
 */
final class KnownNoise {
  private KnownNoise() {}

  /**
   * A list in the samples' numbers. Others are left out.
   *
   * @param file where it came from
   * @throws InputException if the samples' labels are not the list's noisy ones
   */
  static LabelNoise inRows(ModelInputs model, Labelled samples, LabelNoise noise, Path file) {
    Map<Long, Long> rows = new HashMap<>();
    for (int i = 0; i < samples.positions().length; i++) {
      rows.put(samples.positions()[i], (long) i);
    }
    Map<Long, Long> classes = new HashMap<>();
    for (int c = 0; c < samples.classIds().length; c++) {
      classes.put(samples.classIds()[c], (long) c);
    }
    long[] labels = samples.data().labels().toLongs();
    List<long[]> kept = new ArrayList<>();
    for (int i = 0; i < noise.count(); i++) {
      long id = noise.ids()[i];
      if (id >= model.subject().samples()) {
        throw new InputException(
            file + ": sample " + id + " is outside 0.." + (model.subject().samples() - 1));
      }
      Long row = rows.get(id);
      if (row == null) {
        continue;
      }
      Long noisy = classes.get(noise.noisy()[i]);
      if (noisy == null || labels[row.intValue()] != noisy) {
        throw new InputException(
            file
                + ": sample "
                + id
                + " is "
                + model.subject().classText(samples.classIds()[(int) labels[row.intValue()]])
                + ", not the list's noisy "
                + model.subject().classText(noise.noisy()[i])
                + "; give the list that belongs to these labels");
      }
      // A right class that does not occur can never be proposed: a number of its own.
      kept.add(new long[] {row, classes.getOrDefault(noise.clean()[i], Long.MAX_VALUE), noisy});
    }
    return new LabelNoise(column(kept, 0), column(kept, 1), column(kept, 2));
  }

  /** A list in the user's numbers. */
  static LabelNoise inDataset(Labelled samples, LabelNoise rows) {
    return new LabelNoise(
        Arrays.stream(rows.ids()).map(i -> samples.positions()[(int) i]).toArray(),
        Arrays.stream(rows.clean()).map(c -> samples.classIds()[(int) c]).toArray(),
        Arrays.stream(rows.noisy()).map(c -> samples.classIds()[(int) c]).toArray());
  }

  private static long[] column(List<long[]> rows, int c) {
    return rows.stream().mapToLong(row -> row[c]).toArray();
  }
}
