package io.vicinal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.data.ArrayFile;
import io.vicinal.data.Npy;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MineCommandTest {
  @TempDir private Path folder;

  private Fixture fixture;

  @BeforeEach
  void inputs() {
    fixture = Fixture.in(folder);
  }

  private Outcome mine(String name, Object... more) {
    Object[] first = {fixture.at("E.npy"), fixture.at("y.npy"), fixture.at("T.npy")};
    Object[] words = Outcome.words("mine " + name + " --embeddings % --labels % --out %", first);
    Object[] all = new Object[words.length + more.length];
    System.arraycopy(words, 0, all, 0, words.length);
    System.arraycopy(more, 0, all, words.length, more.length);
    return Outcome.of(all);
  }

  private long[] tuples() {
    try (Arena arena = Arena.host()) {
      Tensor tuples = Npy.read(folder.resolve("T.npy"), arena);
      assertThat(tuples.dtype()).isEqualTo(DType.I64);
      assertThat(tuples.shape().rank()).isEqualTo(2);
      assertThat(tuples.dim(1)).isEqualTo(3);
      return tuples.toLongs();
    }
  }

  @Test
  void tripletsAreRowsOfTheEmbeddings() {
    assertThat(mine("distance", "--seed", 3).succeeded().out())
        .isEqualTo(
            "distance: 12 triplets of 12 samples, 0 anchors skipped: "
                + fixture.at("T.npy")
                + "\n");
    long[] triplets = tuples();
    for (int t = 0; t < 12; t++) {
      assertThat(triplets[3 * t]).isEqualTo(t);
      assertThat(triplets[3 * t + 1] % 3).isEqualTo(t % 3);
      assertThat(triplets[3 * t + 2] % 3).isNotEqualTo(t % 3);
    }
    mine("distance", "--seed", 3).succeeded();
    assertThat(tuples()).isEqualTo(triplets);
    mine("distance", "--seed", 3, "--threads", 1).succeeded();
    assertThat(tuples()).isEqualTo(triplets);
    mine("distance", "--seed", 4).succeeded();
    assertThat(tuples()).isNotEqualTo(triplets);
  }

  @Test
  void tablesNameTheirColumns() {
    mine("distance", "--seed", 3).succeeded();
    Path table = folder.resolve("T.parquet");
    Outcome.of(
            "mine",
            "distance",
            "--seed",
            3,
            "--embeddings",
            fixture.at("E.npy"),
            "--labels",
            fixture.at("y.npy"),
            "--out",
            table)
        .succeeded();
    try (Arena arena = Arena.host()) {
      Path columns = Path.of(table + ":anchor,positive,negative");
      assertThat(ArrayFile.read(columns, arena, DType.F64, note -> {}).toDoubles())
          .isEqualTo(Arrays.stream(tuples()).asDoubleStream().toArray());
    }
  }

  @Test
  void pairsHaveSigns() {
    mine("lifted").succeeded();
    long[] pairs = tuples();
    assertThat(pairs).hasSize(3 * 12 * 11);
    for (int t = 0; t < pairs.length / 3; t++) {
      boolean alike = (pairs[3 * t] - pairs[3 * t + 1]) % 3 == 0;
      assertThat(pairs[3 * t + 2]).isEqualTo(alike ? 1 : -1);
    }
  }

  @Test
  void parametersAndLengthsCount() {
    mine("pair-margin", "--param", "pos-margin=0", "--param", "neg-margin=0").succeeded();
    assertThat(tuples()).hasSize(3 * 12 * 3);
    mine("pair-margin", "--param", "pos-margin=2", "--param", "neg-margin=2.01").succeeded();
    assertThat(tuples().length / 3).isBetween(1, 12 * 11 - 1);
    mine("pair-margin", "--normalize", "--param", "pos-margin=2", "--param", "neg-margin=2.01")
        .succeeded();
    assertThat(tuples()).as("all negatives of unit vectors").hasSize(3 * 12 * 8);
  }

  @Test
  void nothingToFindIsNoFailure() {
    NpyBytes.longs(fixture.at("y.npy"), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
    assertThat(mine("distance").succeeded().out())
        .startsWith("distance: 0 triplets of 12 samples, 12 anchors skipped: ");
    try (Arena arena = Arena.host()) {
      assertThat(Npy.read(folder.resolve("T.npy"), arena).shape().dims()).containsExactly(0, 3);
    }
  }

  /** Sample 0 is alone in its class. */
  @Test
  void aDefectIsReproducedAndSaid() {
    NpyBytes.longs(fixture.at("y.npy"), 3, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2);
    assertThat(mine("distance").succeeded().out())
        .startsWith("distance: 11 triplets of 12 samples, 1 anchor skipped: ");
    assertThat(mine("distance", "--compat", "distance-alone").succeeded().out())
        .startsWith("distance: 12 triplets of 12 samples, 0 anchors skipped, as distance-alone: ");
    assertThat(tuples()).hasSize(36).startsWith(0, 0);
    mine("semihard", "--compat", "distance-alone")
        .failed(2, "compat: distance-alone is of the miner distance, not of the miner semihard");
    mine("distance", "--compat", "margin-count")
        .failed(2, "compat: margin-count is of margin, which is not named");
    mine("distance", "--compat", "distance-alone", "--param", "alone=skip")
        .failed(2, "compat: distance-alone is alone=self, but alone is given as skip; keep one");
    mine("distance", "--compat", "alone")
        .failed(2, "compat: there is no 'alone'", "distance-alone (of the miner distance)");
  }

  @Test
  void mistakesAreOneLine() {
    mine("closest").failed(2, "miner: 'closest' is unknown", "batch-hard");
    mine("distance", "--param", "cutoff=1").failed(2, "distance: unknown", "lower-cutoff");
    NpyBytes.longs(fixture.at("y.npy"), 0, 1, 2);
    mine("distance").failed(2, "y.npy", "one label per row");
    Outcome.of(
            Outcome.words(
                "mine distance --embeddings % --out %", fixture.at("E.npy"), fixture.at("t.npy")))
        .failed(2, "--labels: is missing; give one label per row of");
  }
}
