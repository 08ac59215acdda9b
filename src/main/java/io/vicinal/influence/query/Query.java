package io.vicinal.influence.query;

/**
 * One question: which training samples move this measurement?
 *
 * @param id unique among the queries of one call, such as "pair 12-340" or "group 7"
 * @param measurement what is to be moved
 */
public record Query(String id, Measurement measurement) {}
