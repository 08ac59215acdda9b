package io.vicinal.cli.explain;

import picocli.CommandLine.Command;

/** {@code vicinal explain pair}: who is to blame for a wrong neighbour. */
@Command(
    name = "pair",
    sortOptions = false,
    header = "Score every training sample's part in the distance of pairs of test samples.",
    description = {
      "",
      "A score is the predicted change of the pair's squared distance (or of another --measure) if",
      "the training sample is removed and the head solved again: above 0 the sample holds the pair",
      "together (harmful, when the pair should be apart), below 0 it keeps it apart.",
      "",
      "Writes scores.npy [pairs, N] (scores-METHOD.npy with several methods), queries.json (its",
      "rows), top.csv (largest effects), summary.json (what the numbers rest on), report.html (the",
      "first ones with their largest effects, some of them checked by solving again; see --check).",
      "Columns are positions in the dataset; NaN: not trained on.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vicinal explain pair --run runs/first --pairs confusions/confusions.csv --out blame"
    })
final class PairCommand extends ScoreCommand {
  PairCommand() {
    super(QueryOptions.Kind.PAIRS);
  }
}
