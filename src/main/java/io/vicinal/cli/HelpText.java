package io.vicinal.cli;

import io.vicinal.cli.common.Text;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
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
  private static final int ONE_LINE = 10_000;
  private static final char HIDDEN = '\uE000';
  private static final String SIGNS = ".,:;!?-/=+*#~<>()[]{}'\"";

  HelpText(CommandSpec spec, ColorScheme colours) {
    super(spec, colours);
  }

  static CommandLine.IHelpFactory factory() {
    return HelpText::new;
  }

  /** Puts the signs back that {@link #whole} hid. */
  private static String plain(String text) {
    StringBuilder plain = new StringBuilder(text);
    for (int i = 0; i < plain.length(); i++) {
      char c = plain.charAt(i);
      if (c >= HIDDEN && c < HIDDEN + 128) {
        plain.setCharAt(i, (char) (c - HIDDEN));
      }
    }
    return plain.toString();
  }

  /**
   * Hides the signs at which picocli would break a word (it takes X.npy for the end of a sentence)
   * behind letters that no help has.
   */
  private static String whole(String text) {
    StringBuilder whole = new StringBuilder(text);
    for (int i = 0; i < whole.length(); i++) {
      if (SIGNS.indexOf(whole.charAt(i)) >= 0) {
        whole.setCharAt(i, (char) (HIDDEN + whole.charAt(i)));
      }
    }
    return whole.toString();
  }

  @Override
  public String description(Object... params) {
    UsageMessageSpec usage = commandSpec().usageMessage();
    return unbroken(
        usage.description(), l -> usage.description(l), () -> super.description(params));
  }

  @Override
  public String footer(Object... params) {
    UsageMessageSpec usage = commandSpec().usageMessage();
    return unbroken(usage.footer(), l -> usage.footer(l), () -> super.footer(params));
  }

  /** What is printed of lines while their words cannot be broken. */
  private static String unbroken(
      String[] lines, Consumer<String[]> place, Supplier<String> printed) {
    place.accept(whole(lines));
    try {
      return printed.get();
    } finally {
      place.accept(lines);
    }
  }

  /** On one line from picocli, then wrapped at spaces behind the command's name. */
  @Override
  public String synopsis(int heading) {
    UsageMessageSpec usage = commandSpec().usageMessage();
    int width = usage.width();
    usage.width(ONE_LINE);
    String line;
    try {
      line = super.synopsis(heading).strip().replaceAll("\\s+", " ");
    } finally {
      usage.width(width);
    }
    String name = commandSpec().qualifiedName();
    int indent = Math.min(heading + name.length() + 1, width / 2);
    List<String> lines = Text.wrap(line.substring(name.length()), width - indent - 1);
    return name + " " + String.join("\n" + " ".repeat(indent), lines) + "\n";
  }

  private static String[] whole(String... lines) {
    return Arrays.stream(lines).map(HelpText::whole).toArray(String[]::new);
  }

  @Override
  public IOptionRenderer createDefaultOptionRenderer() {
    IOptionRenderer lines = super.createDefaultOptionRenderer();
    return (option, label, colours) -> lines.render(paragraph(option), label, colours);
  }

  private static OptionSpec paragraph(OptionSpec option) {
    // What is given out is formatted, and what is taken in will be: a per cent sign is escaped.
    String text = whole(String.join(" ", option.description()).replace("%", "%%"));
    return OptionSpec.builder(option).description(text).build();
  }

  /** Makes paragraphs of the descriptions and footers of a command and of all below it. */
  static void reflow(CommandLine command) {
    UsageMessageSpec usage = command.getCommandSpec().usageMessage();
    usage.description(paragraphs(usage.description()));
    usage.footer(paragraphs(usage.footer()));
    Map<String, CommandLine.IHelpSectionRenderer> sections =
        new LinkedHashMap<>(usage.sectionMap());
    sections.replaceAll((name, section) -> help -> plain(section.render(help)));
    usage.sectionMap(sections);
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
