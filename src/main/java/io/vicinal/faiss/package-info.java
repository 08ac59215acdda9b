/**
 * The JavaCPP preset for FAISS, usable on its own, as close to C++ as Java gets: flat, IVF and HNSW
 * indexes, id maps, clustering, the index factory and index files.
 *
 * <p>Most programs want {@code io.vicinal.retrieval.VectorIndex}, which checks sizes and files.
 * Here start with {@link io.vicinal.faiss.FaissLibrary}, {@code IndexFlatL2} and {@link
 * io.vicinal.faiss.Interruptible}. Every object is native and has one owner: close it. Buffers are
 * row-major {@code [n, d]}, borrowed for the call, and their sizes are the caller's business, as in
 * C++: an array that is too short is foreign memory read or written. Index files are trusted.
 * Values out of range are refused. A FAISS exception arrives as {@link java.lang.RuntimeException}
 * with FAISS's text.
 *
 * <p>Thread safety is FAISS's: concurrent searches of one index are fine; train, add, reset and
 * parameter changes need exclusive use.
 */
package io.vicinal.faiss;
