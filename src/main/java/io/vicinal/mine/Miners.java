package io.vicinal.mine;

import io.vicinal.InputException;
import io.vicinal.loss.tuple.Registry;
import io.vicinal.loss.tuple.TupleLoss;
import io.vicinal.loss.tuple.TupleLoss.Tuples;
import io.vicinal.loss.tuple.TupleLosses;
import io.vicinal.mine.Miner.Facts;
import io.vicinal.sample.Xoshiro;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The registry of miners: those of this package, and of any jar whose {@link Provider} Java's
 * ServiceLoader finds. Safe for any thread.
 */
public final class Miners {
  /** A jar's own miners. */
  public interface Provider {
    /** Records with {@link Miner.Facts}. */
    List<Class<? extends Miner>> miners();
  }

  private static final List<Class<? extends Miner>> OWN =
      List.of(
          RandomMiner.class,
          SemihardMiner.class,
          SofthardMiner.class,
          DistanceMiner.class,
          RhoDistanceMiner.class,
          RandomDistanceMiner.class,
          IntraRandomMiner.class,
          SharedNegativeDistanceMiner.class,
          SharedFullDistanceMiner.class,
          NPairMiner.class,
          LiftedMiner.class,
          ParametricMiner.class,
          EpshnMiner.class,
          EasyPositiveMiner.class,
          BatchHardMiner.class,
          BatchEasyHardMiner.class,
          PairMarginMiner.class,
          TripletMarginMiner.class,
          AngularMiner.class,
          MultiSimilarityMiner.class,
          UniformHistogramMiner.class,
          HdcMiner.class,
          PackagedMiner.class);

  private static final Registry<Miner> REGISTRY = registry();

  private Miners() {}

  private static Registry<Miner> registry() {
    List<Class<? extends Miner>> all = new ArrayList<>(OWN);
    for (Provider more : ServiceLoader.load(Provider.class, Miners.class.getClassLoader())) {
      all.addAll(more.miners());
    }
    return new Registry<>("miner", all, Facts.class, Facts::name);
  }

  /** Every name, in a fixed order. */
  public static List<String> names() {
    return REGISTRY.names();
  }

  /**
   * A miner with some parameters given as text and the others at their defaults.
   *
   * @throws InputException if the name, a parameter or its value is unknown or out of range; it
   *     says what exists
   */
  public static Miner create(String name, Map<String, String> params) {
    return REGISTRY.create(name, params);
  }

  /** What is known of a miner. */
  public static Facts facts(Miner miner) {
    return miner.getClass().getAnnotation(Facts.class);
  }

  /** Every parameter by its external name with its value. */
  public static Map<String, Object> params(Miner miner) {
    return Registry.params(miner);
  }

  /** The generator of a seed: whatever mines with it finds the same. */
  public static Xoshiro generator(long seed) {
    return Xoshiro.of(seed, "mine");
  }

  /** A miner's tuples of a batch. The generator moves on. */
  public static Mined mine(Miner miner, Candidates batch, Xoshiro generator) {
    Mined mined = new Mined(facts(miner).yields());
    miner.mine(batch, new Draws(generator), mined);
    return mined;
  }

  /**
   * As which shape a loss takes what a miner yields: as they are; pairs as sets; sets as pairs.
   *
   * @throws InputException if it does not; it says what fits
   */
  public static Tuples fit(TupleLoss loss, Miner miner) {
    TupleLoss.Facts takes = TupleLosses.facts(loss);
    Facts has = facts(miner);
    return fitting(has.yields())
        .filter(List.of(takes.tuples())::contains)
        .findFirst()
        .orElseThrow(() -> mismatch(takes, has));
  }

  /** As which shapes a loss may take tuples of a shape. */
  public static Stream<Tuples> fitting(Tuples yields) {
    return switch (yields) {
      case PAIRS -> Stream.of(Tuples.PAIRS, Tuples.SETS);
      case SETS -> Stream.of(Tuples.SETS, Tuples.PAIRS);
      default -> Stream.of(yields);
    };
  }

  private static InputException mismatch(TupleLoss.Facts takes, Facts has) {
    if (takes.tuples().length == 0) {
      return new InputException(
          "miner: "
              + takes.name()
              + " sees the whole batch and takes no mined tuples; leave the miner out");
    }
    List<Tuples> shapes = List.of(takes.tuples());
    String fit =
        names().stream()
            .filter(
                name -> fitting(facts(create(name, Map.of())).yields()).anyMatch(shapes::contains))
            .collect(Collectors.joining(", "));
    return new InputException(
        "miner: "
            + has.name()
            + " yields "
            + Mined.words(has.yields())
            + ", but "
            + takes.name()
            + " takes "
            + shapes.stream().map(Mined::words).collect(Collectors.joining(" or "))
            + "; choose one of "
            + fit);
  }
}
