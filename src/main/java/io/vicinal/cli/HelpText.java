package io.vicinal.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/**
 * The help of a command in paragraphs that wrap at the terminal's width: the lines of its texts in
 * the source are as long as a line of source may be.
 */
final class HelpText extends Help {
  HelpText(CommandSpec spec, ColorScheme colours) {
    super(spec, colours);
  }

  static CommandLine.IHelpFactory factory() {
    return HelpText::new;
  }

  @Override
  public IOptionRenderer createDefaultOptionRenderer() {
    IOptionRenderer lines = super.createDefaultOptionRenderer();
    return (option, label, colours) -> lines.render(paragraph(option), label, colours);
  }

  private static OptionSpec paragraph(OptionSpec option) {
    // What is given out is formatted, and what is taken in will be: a per cent sign is escaped.
    String text = String.join(" ", option.description()).replace("%", "%%");
    return OptionSpec.builder(option).description(text).build();
  }

  /** Makes paragraphs of the descriptions and footers of a command and of all below it. */
  static void reflow(CommandLine command) {
    UsageMessageSpec usage = command.getCommandSpec().usageMessage();
    usage.description(paragraphs(usage.description()));
    usage.footer(paragraphs(usage.footer()));
    command.getSubcommands().values().forEach(HelpText::reflow);
  }

  /** Lines that are indented or empty, or follow one that ends with a colon, stay what they are. */
  static String[] paragraphs(String... lines) {
    List<String> joined = new ArrayList<>();
    boolean open = false;
    for (String line : lines) {
      boolean text = !line.isBlank() && !line.startsWith(" ") && !line.contains(":  ");
      if (text && open) {
        joined.set(joined.size() - 1, joined.get(joined.size() - 1) + " " + line);
      } else {
        joined.add(line);
      }
      open = text && !line.endsWith(":");
    }
    return joined.toArray(String[]::new);
  }
}
