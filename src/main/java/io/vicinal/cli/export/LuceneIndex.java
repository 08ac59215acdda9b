package io.vicinal.cli.export;

import io.vicinal.Version;
import io.vicinal.data.Names;
import io.vicinal.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.SegmentInfos;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.store.FSDirectory;

/** Embeddings as an index of Lucene: a document a row. For one thread. */
final class LuceneIndex implements AutoCloseable {
  /** What Lucene's own format takes; some of its users have others. */
  static final int MOST_WIDTH = 1024;

  static final String ID = "id";
  static final String NAME = "name";
  static final String LABEL = "label";
  static final String VECTOR = "vector";

  private static final String MARK = "vicinal"; // in a commit: who wrote it
  private static final String ROWS = "vicinal.rows";
  private static final int BUFFER_MIB = 1024;

  /** It tells of processors on the error stream. */
  private static final Logger QUIET = Logger.getLogger("org.apache.lucene");

  private final FSDirectory directory;
  private final DirectoryReader reader;
  private final IndexSearcher searcher;

  private LuceneIndex(Path folder) throws IOException {
    QUIET.setLevel(Level.SEVERE);
    directory = FSDirectory.open(folder);
    reader = DirectoryReader.open(directory);
    searcher = new IndexSearcher(reader);
  }

  static LuceneIndex open(Path folder) throws IOException {
    return new LuceneIndex(folder);
  }

  /** Whether a folder's index is as {@link #write} left it. */
  static boolean isOurs(Path folder) {
    try (FSDirectory directory = FSDirectory.open(folder)) {
      SegmentInfos infos = SegmentInfos.readLatestCommit(directory);
      String rows = infos.getUserData().get(ROWS);
      return infos.getUserData().containsKey(MARK)
          && Integer.toString(infos.totalMaxDoc()).equals(rows)
          && infos.asList().stream().allMatch(one -> one.getDelCount() == 0);
    } catch (IOException | IllegalArgumentException e) {
      return false; // damaged, or of another version
    }
  }

  private static IndexWriterConfig config() {
    QUIET.setLevel(Level.SEVERE);
    long heap = Runtime.getRuntime().maxMemory() >> 20;
    return new IndexWriterConfig()
        .setOpenMode(IndexWriterConfig.OpenMode.CREATE)
        .setRAMBufferSizeMB(Math.min(BUFFER_MIB, Math.max(16, heap / 4)));
  }

  private static void commit(IndexWriter writer, long rows) throws IOException {
    writer.setLiveCommitData(Map.of(MARK, Version.text(), ROWS, Long.toString(rows)).entrySet());
    writer.commit();
  }

  /**
   * Writes an index of one segment.
   *
   * @param folder a new one
   * @param rows F32 [N, d]
   * @param unit whether they have length 1: compared by dot product, else by Euclidean distance
   * @param samples names of the rows, or none
   * @param labels of the rows, or none
   */
  static void write(
      Path folder,
      Tensor rows,
      boolean unit,
      Names samples,
      List<String> labels,
      LongConsumer progress)
      throws IOException {
    VectorSimilarityFunction similarity =
        unit ? VectorSimilarityFunction.DOT_PRODUCT : VectorSimilarityFunction.EUCLIDEAN;
    try (FSDirectory directory = FSDirectory.open(folder);
        IndexWriter writer = new IndexWriter(directory, config())) {
      for (long i = 0; i < rows.dim(0); i++) {
        Document document = new Document();
        document.add(new StringField(ID, Long.toString(i), Field.Store.YES));
        if (samples.known()) {
          document.add(new StringField(NAME, samples.get(i), Field.Store.YES));
        }
        if (!labels.isEmpty()) {
          document.add(new StringField(LABEL, labels.get((int) i), Field.Store.YES));
        }
        float[] vector = rows.rows(i, i + 1).toFloats();
        document.add(new KnnFloatVectorField(VECTOR, vector, similarity));
        writer.addDocument(document);
        progress.accept(i + 1);
      }
      writer.forceMerge(1);
      commit(writer, rows.dim(0));
    }
  }

  /**
   * Replaces the index of a folder as Lucene does it: whoever opens it sees the old one or the new,
   * whatever happens between.
   */
  static void replace(Path folder, Path by, long rows) throws IOException {
    try (FSDirectory from = FSDirectory.open(by);
        FSDirectory to = FSDirectory.open(folder);
        IndexWriter writer = new IndexWriter(to, config())) {
      writer.addIndexes(from);
      commit(writer, rows);
    }
  }

  /**
   * The ids of the nearest rows, best first.
   *
   * @param candidates that the search keeps in the graph
   */
  long[] nearest(float[] vector, int count, int candidates) throws IOException {
    KnnFloatVectorQuery query =
        new KnnFloatVectorQuery(VECTOR, vector, Math.max(count, candidates));
    ScoreDoc[] found = searcher.search(query, count).scoreDocs;
    long[] ids = new long[found.length];
    for (int i = 0; i < ids.length; i++) {
      Document document = searcher.storedFields().document(found[i].doc, Set.of(ID));
      ids[i] = Long.parseLong(document.get(ID));
    }
    return ids;
  }

  @Override
  public void close() throws IOException {
    reader.close();
    directory.close();
  }
}
