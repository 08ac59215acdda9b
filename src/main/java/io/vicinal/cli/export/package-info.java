/** {@code vicinal export}: trained heads and their embeddings for programs without Vicinal. */
package io.vicinal.cli.export;
