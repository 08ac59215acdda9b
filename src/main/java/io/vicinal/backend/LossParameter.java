package io.vicinal.backend;

import java.util.List;

/**
 * A parameter of a loss as the native library describes it. A value, safe for any thread.
 *
 * @param name as users write it
 * @param choices of a choice: the default, whose value is 0, and the other, 1; empty for a number
 * @param whole whether only whole numbers count
 * @param standard the default
 * @param least the smallest that is accepted
 * @param most the largest that is accepted
 */
public record LossParameter(
    String name, List<String> choices, boolean whole, double standard, double least, double most) {}
