package io.vicinal.tensor;

import java.util.Objects;

/**
 * Where memory lies and operations run. A value, safe for any thread.
 *
 * @param name "cpu"
 */
public record Device(String name) {
  /** The processor and its memory. */
  public static final Device CPU = new Device("cpu");

  public Device {
    Objects.requireNonNull(name, "name");
  }

  @Override
  public String toString() {
    return name;
  }
}
