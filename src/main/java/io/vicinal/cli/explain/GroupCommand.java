package io.vicinal.cli.explain;

import picocli.CommandLine.Command;

/** {@code vicinal explain group}: who is to blame for a confused class. */
@Command(
    name = "group",
    sortOptions = false,
    header = "Score every training sample's part in the confusions of the worst test classes.",
    description = {
      "",
      "A group is a test class's wrong pairs with the classes that it is mostly taken for; its",
      "measurement is their mean squared distance. Scores and files are those of 'explain pair',",
      "one row per class, worst first.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vicinal explain group --run runs/first --groups 5 --method if,ekfac --out blame"
    })
final class GroupCommand extends ScoreCommand {
  GroupCommand() {
    super(QueryOptions.Kind.GROUPS);
  }
}
