/**
 * Miners: which tuples of a batch a loss sees. Each is a record; {@link io.vicinal.mine.Miners}
 * knows them by name.
 *
 * <pre>{@code
 * Miner miner = Miners.create("distance", Map.of("lower-cutoff", "0.6"));
 * Xoshiro generator = Miners.generator(seed);                    // kept over a training's steps
 * Candidates batch = Candidates.of(backend, embeddings, labels, false);
 * Mined tuples = Miners.mine(miner, batch, generator);
 * }</pre>
 */
package io.vicinal.mine;
