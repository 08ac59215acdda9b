package io.vicinal.cli.explain;

import com.google.gson.JsonObject;
import io.vicinal.influence.query.Pair;
import io.vicinal.influence.query.Query;
import java.util.List;

/**
 * One query with what it is about.
 *
 * @param query what is measured
 * @param pairs of confused test samples that it stands for, at least one
 * @param called its id, and what that is called where it has a name: "group 1 (ankle boot)"
 * @param name for the report
 * @param subject in a sentence: what moves away from its wrong neighbour, or what is raised
 * @param raised whether the measurement is another than a distance to the wrong neighbours
 * @param facts for the file of queries, the text among them
 */
record Question(
    Query query,
    List<Pair> pairs,
    String called,
    String name,
    String subject,
    boolean raised,
    JsonObject facts) {}
