package io.vicinal.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The streams are part of the file format: a run resumed on another JDK must draw the same. */
class XoshiroTest {

  @Test
  void followsTheAuthorsReference() {
    // First outputs of the published C code from state {1, 2, 3, 4}.
    Xoshiro generator = Xoshiro.restore(new long[] {1, 2, 3, 4});
    long[] first = LongStream.generate(generator::nextLong).limit(4).toArray();
    assertThat(first).containsExactly(11520L, 0L, 1509978240L, 1215971899390074240L);
  }

  @Test
  void seedsGiveTheRecordedStreams() {
    // From an independent Python program of the same definitions.
    assertThat(new Xoshiro(0).nextLong()).isEqualTo(0x99ec5f36cb75f2b4L);
    Xoshiro generator = new Xoshiro(42);
    assertThat(generator.nextLong()).isEqualTo(0x15780b2e0c2ec716L);
    assertThat(generator.nextLong()).isEqualTo(0x6104d9866d113a7eL);
    Xoshiro normal = new Xoshiro(42);
    assertThat(normal.nextGaussian()).isEqualTo(-0.7262191382447857);
    assertThat(normal.nextGaussian()).isEqualTo(0.2216227015035933);
    assertThat(normal.nextGaussian()).isEqualTo(0.46417731016247366);
    assertThat(Long.toUnsignedString(Xoshiro.derive(7, "head"))).isEqualTo("15801763485742302483");
  }

  @Test
  void stateRestoresExactly() {
    Xoshiro generator = new Xoshiro(7);
    generator.nextGaussian();
    Xoshiro copy = Xoshiro.restore(generator.state());
    for (int i = 0; i < 100; i++) {
      assertThat(copy.nextGaussian()).isEqualTo(generator.nextGaussian());
    }
    assertThatThrownBy(() -> Xoshiro.restore(new long[3])).hasMessageContaining("4 words");
  }

  @Test
  void boundedDrawsAreUniformAndNormalOnesAreNormal() {
    Xoshiro generator = new Xoshiro(3);
    int[] counts = new int[7];
    for (int i = 0; i < 70_000; i++) {
      counts[generator.below(7)]++;
    }
    double chiSquare = 0;
    for (int count : counts) {
      chiSquare += (count - 10_000.0) * (count - 10_000.0) / 10_000.0;
    }
    assertThat(chiSquare).isLessThan(22.5); // 6 degrees of freedom, p = 0.001
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < 100_000; i++) {
      double x = generator.nextGaussian();
      sum += x;
      squares += x * x;
    }
    assertThat(sum / 100_000).isCloseTo(0, within(0.02));
    assertThat(squares / 100_000).isCloseTo(1, within(0.02));
  }
}
