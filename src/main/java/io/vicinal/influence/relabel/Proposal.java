package io.vicinal.influence.relabel;

/**
 * What is proposed for one sample. Immutable.
 *
 * @param id the sample
 * @param given its label
 * @param best the likeliest class, the lowest of equal ones
 * @param probability of {@code best}
 * @param second the likeliest other class
 * @param secondProbability of {@code second}
 * @param givenProbability of the label that it has
 * @param remoteness how far it lies from all other samples, in standard deviations of the class
 *     that is spread most widely; see {@link Remoteness}
 * @param decision what to do
 */
public record Proposal(
    int id,
    int given,
    int best,
    double probability,
    int second,
    double secondProbability,
    double givenProbability,
    double remoteness,
    Decision decision) {
  /** What to do with a suspicious sample. */
  public enum Decision {
    /** The given label is the likeliest: keep it. */
    KEEP("keep"),
    /** Another class is likely enough: take {@code best}. */
    RELABEL("relabel"),
    /** Another class is likelier, but not likely enough: a person should look. */
    ABSTAIN("abstain"),
    /** It resembles no class: remove it rather than relabel it. */
    NONE_OF_THESE("none of these");

    private final String text;

    Decision(String text) {
      this.text = text;
    }

    /** In words, as files have it. */
    public String text() {
      return text;
    }
  }
}
