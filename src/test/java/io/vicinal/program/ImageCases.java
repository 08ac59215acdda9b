package io.vicinal.program;

import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;

/** Small images, weights and windows of every kind, for the walk over the operations. */
final class ImageCases {
  private static final Slide SAME = Slide.PLAIN.padding(1);

  interface Cases {
    void add(
        Operation operation, List<Values> reals, BiFunction<List<Expr>, List<Expr>, Expr> build);
  }

  /** Sizes of an image and of weights. */
  private record Form(int[] image, int[] weights, Slide slide, int groups) {
    Values x() {
      return Values.random(51, -1, 1, image);
    }

    Values w() {
      return Values.random(52, -1, 1, weights);
    }

    /** Of the sizes of the result. */
    Values g() {
      Graph graph = new Graph();
      Expr x = graph.real("x", "N", "H", "W", "C");
      Expr w = graph.real("w", "O", "I", "kh", "kw");
      Program program = new Program(Map.of("y", x.convolve(w, slide, groups)));
      int[] shape = Interpreter.run(program, Map.of("x", x(), "w", w())).get("y").shape();
      return Values.random(53, -1, 1, shape);
    }
  }

  private static final List<Form> FORMS =
      List.of(
          form(SAME, 1, new int[] {2, 3, 4, 2}, 3, 2, 3, 3),
          form(Slide.PLAIN, 1, new int[] {2, 2, 3, 2}, 4, 2, 1, 1),
          form(Slide.by(2), 1, new int[] {1, 3, 5, 2}, 2, 2, 1, 1),
          form(Slide.by(2).padding(1), 1, new int[] {1, 5, 7, 1}, 2, 1, 3, 3),
          form(Slide.by(2).padding(0, 0, 1, 1), 1, new int[] {1, 4, 4, 1}, 2, 1, 3, 3),
          form(Slide.by(3).stride(3, 2).padding(2, 0, 1, 3), 1, new int[] {1, 4, 3, 2}, 1, 2, 2, 4),
          form(Slide.PLAIN.dilation(2, 1), 1, new int[] {1, 5, 4, 1}, 2, 1, 3, 2),
          form(SAME.dilation(3), 1, new int[] {1, 6, 3, 2}, 1, 2, 2, 2),
          form(SAME, 2, new int[] {1, 3, 3, 2}, 4, 1, 2, 2),
          form(SAME, 3, new int[] {2, 3, 3, 3}, 3, 1, 3, 3),
          form(SAME, 2, new int[] {1, 3, 2, 4}, 6, 2, 3, 2),
          form(Slide.PLAIN.padding(2), 1, new int[] {2, 2, 2, 1}, 1, 1, 5, 5));

  private static Form form(Slide slide, int groups, int[] image, int... weights) {
    return new Form(image, weights, slide, groups);
  }

  private ImageCases() {}

  static void addTo(Cases cases) {
    for (Form form : FORMS) {
      Attributes a = form.slide.ofGroups(form.groups);
      cases.add(
          Operation.CONV,
          List.of(form.x(), form.w()),
          (x, i) -> x.get(0).convolve(x.get(1), form.slide, form.groups));
      cases.add(
          Operation.CONV_DATA,
          List.of(form.g(), form.w(), form.x()),
          (x, i) -> node(x, Operation.CONV_DATA, a));
      cases.add(
          Operation.CONV_WEIGHT,
          List.of(form.x(), form.g(), form.w()),
          (x, i) -> node(x, Operation.CONV_WEIGHT, a));
    }
    Values image = Values.random(54, -1, 1, 2, 4, 5, 2);
    Values small = Values.random(55, -1, 1, 1, 2, 1, 3);
    pool(cases, image, x -> x.sumPool(2, 2, Slide.by(2)), x -> x.maxPool(2, 2, Slide.by(2)));
    for (Slide slide :
        List.of(
            SAME,
            Slide.by(2).padding(1),
            Slide.by(2).toTheEnd(),
            SAME.stride(3, 2).toTheEnd(),
            Slide.PLAIN.padding(1, 0, 2, 1),
            SAME.dilation(2))) {
      pool(cases, image, x -> x.sumPool(3, 2, slide), x -> x.maxPool(3, 2, slide));
    }
    pool(cases, small, x -> x.sumPool(4, 3, SAME), x -> x.maxPool(4, 3, SAME));
    cases.add(
        Operation.POOL_ARGMAX,
        List.of(image),
        (x, i) -> node(x, Operation.POOL_ARGMAX, SAME.ofWindow(3, 3)).toReal());
    cases.add(
        Operation.POOL_SPREAD,
        List.of(Values.random(56, -1, 1, 2, 5, 5, 2), image),
        (x, i) -> node(x, Operation.POOL_SPREAD, SAME.ofWindow(2, 3)));
  }

  private static Expr node(List<Expr> x, Operation operation, Attributes attributes) {
    return x.get(0).graph().node(operation, attributes, x.toArray(Expr[]::new));
  }

  private static void pool(
      Cases cases, Values image, UnaryOperator<Expr> sum, UnaryOperator<Expr> largest) {
    cases.add(Operation.POOL_SUM, List.of(image), (x, i) -> sum.apply(x.get(0)));
    cases.add(Operation.POOL_ARGMAX, List.of(image), (x, i) -> largest.apply(x.get(0)));
  }
}
