package io.vicinal.retrieval;

import io.vicinal.InputException;
import java.util.EnumSet;
import java.util.Set;

/**
 * What single metrics need beyond embeddings and labels. Immutable as long as nobody writes to its
 * array.
 *
 * @param compat known defects that are reproduced; none by default
 * @param grades graded relevance for {@code ndcg@k}; {@link Grades#classes()} by default
 * @param uncertainty of every query, larger is less certain, for {@code unc-given}; null for none
 * @param voteTemperature divides distances in {@code vote-acc@k} and {@code vote-logl@k}
 * @param clusterSeed of k-means
 * @param clusterStarts of k-means; 0 for {@link KMeans#starts}
 * @param trainingClasses for {@link MetricCompat#TRAINING_CLUSTERS}; 0 if it is not known
 */
public record MetricSettings(
    Set<MetricCompat> compat,
    Grades grades,
    double[] uncertainty,
    double voteTemperature,
    int clusterSeed,
    int clusterStarts,
    int trainingClasses) {
  /** The temperature that the original has. */
  public static final double VOTE_TEMPERATURE = 0.1;

  /**
   * @throws InputException if a number is out of range
   */
  public MetricSettings {
    compat = compat.isEmpty() ? EnumSet.noneOf(MetricCompat.class) : EnumSet.copyOf(compat);
    if (!(voteTemperature > 0) || Double.isInfinite(voteTemperature)) {
      throw new InputException(
          "vote-temperature: must be above 0 and finite, got " + voteTemperature);
    }
    if (clusterStarts < 0) {
      throw new InputException(
          "cluster-starts: must be 1 or more, or 0 for automatic, got " + clusterStarts);
    }
    if (trainingClasses < 0) {
      throw new InputException("training-classes: must be 1 or more, got " + trainingClasses);
    }
  }

  /** Nothing reproduced, nothing given. */
  public static MetricSettings defaults() {
    return new MetricSettings(
        Set.of(), Grades.classes(), null, VOTE_TEMPERATURE, KMeans.SEED, 0, 0);
  }

  /** The same with defects reproduced. */
  public MetricSettings withCompat(Set<MetricCompat> value) {
    return new MetricSettings(
        value, grades, uncertainty, voteTemperature, clusterSeed, clusterStarts, trainingClasses);
  }

  /** The same with graded relevance. */
  public MetricSettings withGrades(Grades value) {
    return new MetricSettings(
        compat, value, uncertainty, voteTemperature, clusterSeed, clusterStarts, trainingClasses);
  }

  /** The same with an uncertainty of every query. */
  public MetricSettings withUncertainty(double[] value) {
    return new MetricSettings(
        compat, grades, value, voteTemperature, clusterSeed, clusterStarts, trainingClasses);
  }

  /** The same with another temperature of votes. */
  public MetricSettings withVoteTemperature(double value) {
    return new MetricSettings(
        compat, grades, uncertainty, value, clusterSeed, clusterStarts, trainingClasses);
  }

  /** The same with other clusters. */
  public MetricSettings withClusters(int seed, int starts) {
    return new MetricSettings(
        compat, grades, uncertainty, voteTemperature, seed, starts, trainingClasses);
  }

  /** The same where so many classes were trained on. */
  public MetricSettings withTrainingClasses(int value) {
    return new MetricSettings(
        compat, grades, uncertainty, voteTemperature, clusterSeed, clusterStarts, value);
  }

  /**
   * How many clusters there are.
   *
   * @param classes of the measured rows
   */
  public long clusters(long classes) {
    return compat.contains(MetricCompat.TRAINING_CLUSTERS) ? trainingClasses : classes;
  }
}
