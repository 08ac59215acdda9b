package io.vicinal.backend;

import java.util.List;

/**
 * A parameter of a loss as the native library describes it. A value, safe for any thread.
 *
 * @param name as users write it
 * @param choices of a choice: the default and the other; empty for a number
 * @param whole of a number: whether only whole ones count
 * @param standard of a number: the default
 * @param least of a number: the smallest that is accepted
 * @param most of a number: the largest that is accepted
 */
public record LossParameter(
    String name, List<String> choices, boolean whole, double standard, double least, double most) {}
