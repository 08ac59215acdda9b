package io.vicinal.curate.relabel;

/**
 * What is proposed for one sample. Probabilities are those of being the right label, the given one
 * considered. Immutable.
 *
 * @param id the sample
 * @param given its label
 * @param best the given label where it is also the likeliest without a look at it, else the
 *     likeliest other class; the lowest of equal ones
 * @param probability of {@code best}
 * @param second the likeliest class beside {@code best}; the given label only if there is no third
 * @param secondProbability of {@code second}
 * @param givenProbability of the label that it has
 * @param remoteness how far it lies from all other samples, in standard deviations of the class
 *     that is spread most widely; see {@link OutlierScore}
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
  /** The same with another decision. */
  Proposal with(Decision other) {
    return new Proposal(
        id,
        given,
        best,
        probability,
        second,
        secondProbability,
        givenProbability,
        remoteness,
        other);
  }

  /** What to do with a suspicious sample. */
  public enum Decision {
    /** The given label is what one would have guessed: keep it. */
    KEEP("keep"),
    /** Another class is likely enough, and likelier than the given one: take {@code best}. */
    RELABEL("accept"),
    /**
     * Another class is likelier, but not likely enough, or the class would lose too much, or wrong
     * labels cannot be told from classes that overlap: a person should look.
     */
    ABSTAIN("left to a person"),
    /** It resembles no class: remove it rather than relabel it. */
    NONE_OF_THESE("none of these");

    private final String text;

    Decision(String text) {
      this.text = text;
    }

    /** In the words of files and pages: a proposal that is taken is one to accept. */
    public String text() {
      return text;
    }
  }
}
