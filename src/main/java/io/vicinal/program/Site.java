package io.vicinal.program;

/**
 * Where an expression was written: the first stack frame outside this package.
 *
 * @param file the source file
 * @param line its line
 */
public record Site(String file, int line) {
  private static final StackWalker WALKER = StackWalker.getInstance();
  private static final String HERE = Site.class.getPackageName();

  static Site caller() {
    return WALKER.walk(
        frames ->
            frames
                .filter(frame -> !packageOf(frame.getClassName()).equals(HERE))
                .findFirst()
                .map(Site::of)
                .orElseThrow());
  }

  private static Site of(StackWalker.StackFrame frame) {
    String file = frame.getFileName();
    return new Site(file == null ? frame.getClassName() : file, frame.getLineNumber());
  }

  private static String packageOf(String type) {
    return type.substring(0, Math.max(0, type.lastIndexOf('.')));
  }

  @Override
  public String toString() {
    return file + ":" + line;
  }
}
