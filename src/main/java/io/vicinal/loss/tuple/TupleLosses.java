package io.vicinal.loss.tuple;

import io.vicinal.InputException;
import io.vicinal.loss.tuple.TupleLoss.Facts;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;

/**
 * The registry of tuple losses: those of this package, and of any jar whose {@link Provider} Java's
 * ServiceLoader finds. Safe for any thread.
 */
public final class TupleLosses {
  /** A jar's own losses. */
  public interface Provider {
    /** Records with {@link TupleLoss.Facts}. */
    List<Class<? extends TupleLoss>> losses();
  }

  private static final List<Class<? extends TupleLoss>> OWN =
      List.of(
          Contrastive.class,
          BinomialDeviance.class,
          Triplet.class,
          Margin.class,
          Quadruplet.class,
          Snr.class,
          NPair.class,
          Angular.class,
          Lifted.class,
          LiftedStructure.class,
          MultiSimilarity.class,
          Histogram.class,
          FastAp.class,
          Circle.class,
          Nca.class,
          NtXent.class,
          SupCon.class,
          TupletMargin.class,
          IntraPairVariance.class,
          RecallAtK.class,
          SmoothAp.class,
          Softmax.class,
          SphereFace.class,
          SubCenterArcFace.class,
          ArcFaceV2.class,
          SoftTripleV2.class,
          ProxyNcaV2.class,
          ProxyAnchorV2.class,
          MultiLabelSupCon.class,
          Moco.class,
          AdversarialSeparation.class);

  private static final Registry<TupleLoss> REGISTRY = registry();

  private TupleLosses() {}

  private static Registry<TupleLoss> registry() {
    List<Class<? extends TupleLoss>> all = new ArrayList<>(OWN);
    for (Provider more : ServiceLoader.load(Provider.class, TupleLosses.class.getClassLoader())) {
      all.addAll(more.losses());
    }
    return new Registry<>("loss", all, Facts.class, Facts::name);
  }

  /** Every name, in a fixed order. */
  public static List<String> names() {
    return REGISTRY.names();
  }

  /** Whether there is a loss of this name. */
  public static boolean has(String name) {
    return REGISTRY.has(name);
  }

  /**
   * A loss with some parameters given as text and the others at their defaults.
   *
   * @throws InputException if the name, a parameter or its value is unknown or out of range; it
   *     says what exists
   */
  public static TupleLoss create(String name, Map<String, String> params) {
    return REGISTRY.create(name, params);
  }

  /** What is known of a loss. */
  public static Facts facts(TupleLoss loss) {
    return loss.getClass().getAnnotation(Facts.class);
  }

  /** Every parameter by its external name with its value. */
  public static Map<String, Object> params(TupleLoss loss) {
    return Registry.params(loss);
  }
}
