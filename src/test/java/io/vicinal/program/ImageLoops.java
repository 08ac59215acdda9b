package io.vicinal.program;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Convolutions and pools in plain loops: every entry of the image, every position of the window and
 * every weight are tried together, and what belongs together is added.
 */
final class ImageLoops {
  private final int[] stride;
  private final int[] padding;
  private final int[] dilation;
  private final boolean ceil;

  private ImageLoops(Map<String, String> a) {
    stride = numbers(a.get("stride"));
    padding = numbers(a.get("padding"));
    dilation = numbers(a.get("dilation"));
    ceil = "1".equals(a.get("ceil"));
  }

  static Values apply(Operation operation, List<Values> x, Map<String, String> a) {
    ImageLoops loops = new ImageLoops(a);
    return switch (operation) {
      case CONV ->
          loops.convolution(x.get(0), x.get(1), null, Integer.parseInt(a.get("groups")), 0);
      case CONV_DATA ->
          loops.convolution(x.get(2), x.get(1), x.get(0), Integer.parseInt(a.get("groups")), 1);
      case CONV_WEIGHT ->
          loops.convolution(x.get(0), x.get(2), x.get(1), Integer.parseInt(a.get("groups")), 2);
      case POOL_SUM -> loops.pool(x.get(0), null, numbers(a.get("window")), false);
      case POOL_ARGMAX -> loops.pool(x.get(0), null, numbers(a.get("window")), true);
      default -> loops.pool(x.get(1), x.get(0), numbers(a.get("window")), false);
    };
  }

  private static int[] numbers(String text) {
    return Arrays.stream(text.split(",")).mapToInt(Integer::parseInt).toArray();
  }

  /**
   * Positions are counted one by one: those that fit, and with ceil the next if it begins inside.
   */
  private int positions(int size, int window, int k) {
    int count = 0;
    for (int start = -padding[k]; ; start += stride[k]) {
      int end = start + dilation[k] * (window - 1);
      boolean fits = end < size + padding[k + 2];
      boolean counts = ceil && start < size && count > 0;
      if (!fits && !counts) {
        return count;
      }
      count++;
      if (!fits) {
        return count;
      }
    }
  }

  /** Whether a place of the window at a position is over an entry. */
  private boolean covers(int position, int place, int entry, int k) {
    return position * stride[k] - padding[k] + place * dilation[k] == entry;
  }

  /** Of every image, entry, position and place of the window that belong together. */
  private void each(int[] image, int[] windows, int height, int width, PairOfPlaces body) {
    for (int n = 0; n < image[0]; n++) {
      for (int y = 0; y < image[1]; y++) {
        for (int x = 0; x < image[2]; x++) {
          for (int p = 0; p < windows[0]; p++) {
            for (int q = 0; q < windows[1]; q++) {
              for (int i = 0; i < height; i++) {
                for (int j = 0; j < width; j++) {
                  if (covers(p, i, y, 0) && covers(q, j, x, 1)) {
                    body.accept(n, new int[] {y, x}, new int[] {p, q}, new int[] {i, j});
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  private interface PairOfPlaces {
    void accept(int n, int[] entry, int[] position, int[] place);
  }

  /** wanted: 0 the result, 1 the adjoint of the image, 2 that of the weights. */
  private Values convolution(Values x, Values w, Values g, int groups, int wanted) {
    int in = x.shape()[3] / groups;
    int out = w.shape()[0] / groups;
    int[] windows = {
      positions(x.shape()[1], w.shape()[2], 0), positions(x.shape()[2], w.shape()[3], 1)
    };
    int[] shape = {x.shape()[0], windows[0], windows[1], w.shape()[0]};
    if (in != w.shape()[1] || g != null && !Arrays.equals(g.shape(), shape)) {
      throw new IllegalStateException("convolution of " + x + " and " + w);
    }
    Values result =
        Values.each(wanted == 0 ? shape : wanted == 1 ? x.shape() : w.shape(), index -> 0);
    each(
        x.shape(),
        windows,
        w.shape()[2],
        w.shape()[3],
        (n, entry, position, place) -> {
          for (int group = 0; group < groups; group++) {
            for (int o = group * out; o < (group + 1) * out; o++) {
              for (int i = 0; i < in; i++) {
                int[] ofX = {n, entry[0], entry[1], group * in + i};
                int[] ofW = {o, i, place[0], place[1]};
                int[] ofY = {n, position[0], position[1], o};
                switch (wanted) {
                  case 0 -> add(result, ofY, x.at(ofX) * w.at(ofW));
                  case 1 -> add(result, ofX, g.at(ofY) * w.at(ofW));
                  default -> add(result, ofW, g.at(ofY) * x.at(ofX));
                }
              }
            }
          }
        });
    return result;
  }

  private Values pool(Values x, Values g, int[] window, boolean argmax) {
    int[] windows = {positions(x.shape()[1], window[0], 0), positions(x.shape()[2], window[1], 1)};
    int[] shape = {x.shape()[0], windows[0], windows[1], x.shape()[3]};
    Values result = Values.each(g == null ? shape : x.shape(), index -> argmax ? -1 : 0);
    Values top = Values.each(shape, index -> 0);
    each(
        x.shape(),
        windows,
        window[0],
        window[1],
        (n, entry, position, place) -> {
          for (int c = 0; c < x.shape()[3]; c++) {
            int[] ofX = {n, entry[0], entry[1], c};
            int[] ofY = {n, position[0], position[1], c};
            if (g != null) {
              add(result, ofX, g.at(ofY));
            } else if (!argmax) {
              add(result, ofY, x.at(ofX));
            } else if (result.at(ofY) < 0 || x.at(ofX) > top.at(ofY)) {
              top.data()[top.offset(ofY)] = x.at(ofX);
              result.data()[result.offset(ofY)] = entry[0] * x.shape()[2] + entry[1];
            }
          }
        });
    return result;
  }

  private static void add(Values to, int[] at, double value) {
    to.data()[to.offset(at)] += value;
  }
}
