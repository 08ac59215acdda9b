package io.vicinal.config;

import java.util.Locale;

/** The candidate that a mistyped word most likely meant. */
final class Closest {

  private Closest() {}

  /** The nearest candidate by edit distance, or one that contains the word; null when none is. */
  static String to(String word, Iterable<String> candidates) {
    String best = null;
    int bestDistance = Math.max(2, (word.length() + 1) / 2) + 1; // about half the letters wrong
    for (String candidate : candidates) {
      String a = word.toLowerCase(Locale.ROOT);
      String b = candidate.toLowerCase(Locale.ROOT);
      int distance = a.length() > 2 && b.contains(a) ? 1 : distance(a, b);
      if (distance < bestDistance && distance < Math.max(a.length(), b.length())) {
        best = candidate;
        bestDistance = distance;
      }
    }
    return best;
  }

  /** Levenshtein's distance. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int above = row[j];
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(change, Math.min(above, row[j - 1]) + 1);
        diagonal = above;
      }
    }
    return row[b.length()];
  }
}
