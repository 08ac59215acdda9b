package io.vicinal.backend;

/**
 * The device that the tests of a backend run on: the processor, or what the build names. Stateless.
 */
public final class TestDevice {
  private TestDevice() {}

  /** "cpu" unless the property {@code vicinal.test.device} says otherwise. */
  public static String name() {
    return System.getProperty("vicinal.test.device", "cpu");
  }

  /** A backend of it, with the default options. */
  public static Backend open() {
    return Backend.open(name(), BackendOptions.defaults());
  }
}
