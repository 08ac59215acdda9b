package io.vicinal.nn.network;

import io.vicinal.program.Expr;
import io.vicinal.program.Slide;
import java.util.ArrayList;
import java.util.List;

/**
 * Inception with batch normalisation, of Ioffe and Szegedy, with the names of the weights that were
 * ported from Caffe: convolutions have biases, and running statistics keep 0.1 of themselves in a
 * step. Those weights expect blue, green, red from 0 to 255, less 104, 117 and 128. The height and
 * the width of images are multiples of 32.
 */
record BnInception() implements Network {
  private static final double MOMENTUM = 0.9;
  private static final Slide HALF = Slide.by(2).toTheEnd();
  private static final Slide AROUND = Slide.PLAIN.padding(1);

  /** What one block has: channels of its convolutions; without 1 x 1 it halves height and width. */
  private record Block(String name, int one, int in3, int three, int in33, int three3, int pool) {}

  private static final List<Block> BLOCKS =
      List.of(
          new Block("3a", 64, 64, 64, 64, 96, 32),
          new Block("3b", 64, 64, 96, 64, 96, 64),
          new Block("3c", 0, 128, 160, 64, 96, 0),
          new Block("4a", 224, 64, 96, 96, 128, 128),
          new Block("4b", 192, 96, 128, 96, 128, 128),
          new Block("4c", 160, 128, 160, 128, 160, 128),
          new Block("4d", 96, 128, 192, 160, 192, 128),
          new Block("4e", 0, 128, 192, 192, 256, 0),
          new Block("5a", 352, 192, 320, 160, 224, 128),
          new Block("5b", 352, 192, 320, 192, 224, 128));

  @Override
  public Expr map(Layers net, Expr images) {
    Expr x = unit(net, "conv1_7x7_s2", images, 64, 7, Slide.by(2).padding(3)).maxPool(3, 3, HALF);
    x = unit(net, "conv2_3x3_reduce", x, 64, 1, Slide.PLAIN);
    x = unit(net, "conv2_3x3", x, 192, 3, AROUND).maxPool(3, 3, HALF);
    for (Block block : BLOCKS) {
      x = inception(net, "inception_" + block.name + "_", x, block);
    }
    return x;
  }

  private static Expr unit(Layers net, String name, Expr x, int channels, int kernel, Slide slide) {
    Expr y = net.convolveWithBias(name, x, channels, kernel, slide);
    return net.batchNorm(name + "_bn", y, Layers.EPSILON, MOMENTUM).relu();
  }

  private static Expr inception(Layers net, String name, Expr x, Block block) {
    boolean halves = block.one == 0;
    Slide last = halves ? Slide.by(2).padding(1) : AROUND;
    List<Expr> branches = new ArrayList<>();
    if (!halves) {
      branches.add(unit(net, name + "1x1", x, block.one, 1, Slide.PLAIN));
    }
    Expr three = unit(net, name + "3x3_reduce", x, block.in3, 1, Slide.PLAIN);
    branches.add(unit(net, name + "3x3", three, block.three, 3, last));
    Expr twice = unit(net, name + "double_3x3_reduce", x, block.in33, 1, Slide.PLAIN);
    twice = unit(net, name + "double_3x3_1", twice, block.three3, 3, AROUND);
    branches.add(unit(net, name + "double_3x3_2", twice, block.three3, 3, last));
    if (halves) {
      branches.add(x.maxPool(3, 3, HALF));
    } else {
      boolean largest = block.name.equals("5b");
      Expr pooled = largest ? x.maxPool(3, 3, AROUND) : x.averagePool(3, 3, AROUND);
      branches.add(unit(net, name + "pool_proj", pooled, block.pool, 1, Slide.PLAIN));
    }
    return branches.stream().reduce((some, more) -> some.concat(more, 3)).orElseThrow();
  }

  @Override
  public String classifier() {
    return "last_linear";
  }

  @Override
  public String source() {
    return "Ioffe and Szegedy, ICML 2015; names of Cadene's pretrainedmodels";
  }
}
