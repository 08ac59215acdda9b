package io.vicinal.cli;

import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The help of a command, in which an option's description is one paragraph: its lines in the source
 * are as long as a line of source may be, and the column that they are printed in is narrower.
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
}
