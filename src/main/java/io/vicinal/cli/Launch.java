package io.vicinal.cli;

import io.vicinal.OptionalLibrary;
import io.vicinal.Version;

/**
 * The main class of the jar: {@link Main}, or a sentence where the command line's libraries are
 * missing. (Main itself cannot say so: Java does not load it without them.)
 */
public final class Launch {
  private static final int USAGE = 2;

  private Launch() {}

  /** Runs the command and ends the process with its exit code. */
  public static void main(String[] args) {
    if (!OptionalLibrary.PICOCLI.present()) {
      System.err.println(
          "vicinal: the command line needs libraries that are not on the class path: add "
              + OptionalLibrary.PICOCLI.artifact()
              + " and "
              + OptionalLibrary.PROGRESS_BAR.artifact()
              + " to a project that has io.vicinal:vicinal:"
              + Version.text()
              + ", collect all with 'mvn dependency:copy-dependencies' and start java -cp"
              + " 'target/dependency/*' "
              + Launch.class.getName()
              + "; or use ./vicinal of a checkout");
      System.exit(USAGE);
    }
    Main.main(args);
  }
}
