package io.vicinal.example;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.store.FSDirectory;

/** An exported index: opened once, searched by any number of threads. */
public final class LuceneUse implements AutoCloseable {
  private static final int CANDIDATES = 100; // more find more of the true neighbours

  private final FSDirectory directory;
  private final DirectoryReader reader;
  private final IndexSearcher searcher;

  public LuceneUse(Path folder) throws IOException {
    directory = FSDirectory.open(folder);
    reader = DirectoryReader.open(directory);
    searcher = new IndexSearcher(reader);
  }

  /** Names of the rows nearest to a unit vector, of one label or (null) of all. */
  public List<String> similar(float[] unit, int k, String label) throws IOException {
    Query filter = label == null ? null : new TermQuery(new Term("label", label));
    var query = new KnnFloatVectorQuery("vector", unit, Math.max(k, CANDIDATES), filter);
    List<String> names = new ArrayList<>();
    for (ScoreDoc found : searcher.search(query, k).scoreDocs) {
      names.add(searcher.storedFields().document(found.doc).get("name"));
    }
    return names;
  }

  @Override
  public void close() throws IOException {
    reader.close();
    directory.close();
  }
}
