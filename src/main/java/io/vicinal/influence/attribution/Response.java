package io.vicinal.influence.attribution;

import io.vicinal.backend.Directions;
import io.vicinal.influence.solve.SolveReport;

/**
 * How the parameters answer to one query: (M + lambda)^-1 dm/dtheta. Lives as long as its
 * explanation keeps its damping.
 *
 * @param direction one vector, in the Kronecker basis
 * @param report of its solve
 */
public record Response(Directions direction, SolveReport report) {}
