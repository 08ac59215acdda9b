package io.vicinal.program;

import java.util.List;
import java.util.stream.IntStream;

/** The sizes of a result, hence its rank; what does not fit is refused with the reason. */
interface SizeRule {
  Sizes of(List<Sizes> operands, Attributes attributes);

  SizeRule SCALAR = (x, a) -> Sizes.SCALAR;
  SizeRule FIRST = (x, a) -> x.get(0);

  SizeRule ELEMENT_WISE =
      (x, a) -> {
        Sizes sizes = Sizes.broadcast(x);
        require(sizes != null, "ranks are equal or 0; expand inserts an axis");
        return sizes;
      };

  /** An entry for each entry along an axis. */
  SizeRule ALONG =
      (x, a) -> {
        a.axis(x.get(0).rank());
        return x.get(0);
      };

  SizeRule COUNT =
      (x, a) -> {
        if (!a.all()) {
          a.axis(x.get(0).rank());
        }
        return Sizes.SCALAR;
      };

  /** The sizes of the last operand, to or from which the first is repeated. */
  SizeRule LIKE =
      (x, a) -> {
        int rank = x.get(0).rank();
        int other = x.get(1).rank();
        require(rank == other || rank == 0 || other == 0, "ranks are equal or 0");
        return x.get(1);
      };

  /** An entry for each of the last operand, which the ids are repeated to. */
  SizeRule RANDOM =
      (x, a) -> {
        require(x.get(0).rank() == 0, "the key is one whole number");
        require(
            Long.parseLong(a.text("stream")) >= 0, "stream " + a.text("stream") + " is below 0");
        int rank = x.get(1).rank();
        require(rank == 0 || rank == x.get(2).rank(), "ids have the rank of the array, or 0");
        return x.get(2);
      };

  SizeRule EXPAND = (x, a) -> x.get(0).expand(a.axis(x.get(0).rank() + 1));

  SizeRule DROP = (x, a) -> x.get(0).drop(a.axis(x.get(0).rank()));

  SizeRule REDUCE =
      (x, a) -> {
        requireMask(x);
        Sizes sizes = x.get(0);
        if (a.all()) {
          return Sizes.SCALAR;
        }
        for (int axis : a.axes(sizes.rank())) {
          sizes = sizes.with(axis, Sizes.ONE);
        }
        return sizes;
      };

  SizeRule REDUCE_ONE =
      (x, a) -> {
        requireMask(x);
        return x.get(0).with(a.axis(x.get(0).rank()), Sizes.ONE);
      };

  SizeRule MATMUL =
      (x, a) -> {
        int rank = x.get(0).rank();
        require(rank >= 2 && x.get(1).rank() == rank, "ranks are equal, 2 or more");
        String rows = x.get(0).get(rank - (a.flag("ta") ? 1 : 2));
        String columns = x.get(1).get(rank - (a.flag("tb") ? 2 : 1));
        return x.get(0).with(rank - 2, rows).with(rank - 1, columns);
      };

  SizeRule TRANSPOSE =
      (x, a) -> {
        int rank = x.get(0).rank();
        int[] order = a.axes(rank);
        require(
            order.length == rank && IntStream.of(order).distinct().count() == rank,
            "the order names each axis once");
        return new Sizes(IntStream.of(order).mapToObj(x.get(0)::get).toList());
      };

  SizeRule GATHER =
      (x, a) -> {
        require(x.get(0).rank() > 0 && x.get(1).rank() == 1, "the indices have rank 1");
        return x.get(0).with(0, x.get(1).get(0));
      };

  SizeRule SCATTER =
      (x, a) -> {
        require(x.get(1).rank() == 1, "the indices have rank 1");
        requireEqualRanks(x.get(0), x.get(2));
        return x.get(2);
      };

  /** The first operand's sizes; along the axis the second's. */
  SizeRule PICK =
      (x, a) -> {
        requireEqualRanks(x.get(0), x.get(1));
        int axis = a.axis(x.get(0).rank());
        return x.get(0).with(axis, x.get(1).get(axis));
      };

  /** The last operand's sizes; along the axis the first has others. */
  SizeRule LAST_LIKE_FIRST =
      (x, a) -> {
        Sizes last = x.get(x.size() - 1);
        requireEqualRanks(x.get(0), last);
        a.axis(last.rank());
        return last;
      };

  SizeRule PLACE =
      (x, a) -> {
        requireEqualRanks(x.get(0), x.get(1));
        return LAST_LIKE_FIRST.of(x, a);
      };

  SizeRule JOIN =
      (x, a) -> {
        Sizes sizes = x.get(0);
        int axis = a.axis(sizes.rank() - 1);
        return sizes.drop(axis + 1).with(axis, Sizes.product(sizes.get(axis), sizes.get(axis + 1)));
      };

  SizeRule SPLIT =
      (x, a) -> {
        require(x.get(1).rank() == x.get(0).rank() + 1, "the second has one axis more");
        a.axis(x.get(0).rank());
        return x.get(1);
      };

  SizeRule CONCAT =
      (x, a) -> {
        requireEqualRanks(x.get(0), x.get(1));
        int axis = a.axis(x.get(0).rank());
        for (int k = 0; k < x.get(0).rank(); k++) {
          Long one = Sizes.number(x.get(0).get(k));
          Long other = Sizes.number(x.get(1).get(k));
          require(
              k == axis || one == null || other == null || one.equals(other),
              "axis " + k + " has " + one + " and " + other + " entries");
        }
        return x.get(0).with(axis, Sizes.sum(x.get(0).get(axis), x.get(1).get(axis)));
      };

  SizeRule SLICE =
      (x, a) -> {
        int axis = a.axis(x.get(0).rank());
        String size = Sizes.part(x.get(0).get(axis), a.text("from"), a.text("to"));
        return x.get(0).with(axis, size);
      };

  SizeRule PROXY_LOSS =
      (x, a) -> {
        for (int k = 0; k < x.size(); k++) {
          require(x.get(k).rank() == (k == 1 ? 1 : 2), "ranks are 2, of the labels 1");
        }
        return Sizes.SCALAR;
      };

  /** As the embeddings, or as the proxies. */
  SizeRule OF_PROXY_LOSS =
      (x, a) -> {
        PROXY_LOSS.of(x, a);
        return x.get(a.flag("proxies") ? 2 : 0);
      };

  private static void requireMask(List<Sizes> x) {
    require(
        x.size() == 1 || x.get(0).rank() == x.get(1).rank(), "a mask has the rank of its array");
  }

  private static void requireEqualRanks(Sizes a, Sizes b) {
    require(a.rank() == b.rank(), "ranks are equal");
  }

  private static void require(boolean holds, String reason) {
    if (!holds) {
      throw new IllegalArgumentException(reason);
    }
  }
}
