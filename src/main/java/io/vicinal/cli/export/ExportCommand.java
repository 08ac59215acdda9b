package io.vicinal.cli.export;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code vicinal export}: a trained head for programs that do not have Vicinal. */
@Command(
    name = "export",
    synopsisSubcommandLabel = "COMMAND",
    header = "Write a trained head, or its embeddings, for programs without Vicinal.",
    description = {
      "",
      "onnx writes the head as a model, faiss and lucene write an index of embeddings with the names",
      "of its rows. Each measures what it wrote before it takes its name: the model against our own",
      "embeddings, an index against exact neighbours.",
      ""
    },
    footer = {"", "Example:", "  vicinal export onnx --head runs/first --out head.onnx"},
    subcommands = {OnnxExportCommand.class, FaissExportCommand.class, LuceneExportCommand.class})
public final class ExportCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "name a command: " + String.join(", ", spec.subcommands().keySet()));
  }
}
