package io.vicinal.sample;

import java.util.Arrays;
import java.util.Map;

/** Checks that a saved state belongs to the sampler that is asked to restore it. */
final class SamplerState {

  private SamplerState() {}

  static long[] array(Map<String, long[]> state, String name, int length) {
    long[] values = state.get(name);
    if (values == null || values.length != length) {
      throw new IllegalArgumentException(
          "sampler state \""
              + name
              + "\": expected "
              + length
              + " values, found "
              + (values == null ? "none" : String.valueOf(values.length)));
    }
    return values;
  }

  static void sameIds(long[] saved, long[] own) {
    long[] a = saved.clone();
    long[] b = own.clone();
    Arrays.sort(a);
    Arrays.sort(b);
    if (!Arrays.equals(a, b)) {
      throw new IllegalArgumentException("sampler state \"order\": holds other sample ids");
    }
  }

  static void inside(String name, long value, long most) {
    if (value < 0 || value > most) {
      throw new IllegalArgumentException(
          "sampler state \"" + name + "\": " + value + " is outside 0.." + most);
    }
  }
}
