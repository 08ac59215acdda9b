package io.vicinal.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Small good inputs of {@code explain}, and hostile values for its options. */
final class ExplainFuzz {
  private static final String[] HOSTILE = {
    "",
    " ",
    "0",
    "-1",
    "1e999",
    "NaN",
    "-0.0",
    "9223372036854775807",
    "99999999999999999999",
    "x",
    "1x",
    "nanx",
    "1e-300",
    "1e300x",
    "auto",
    "if,,if",
    "self",
    "W,b,P",
    "recall@9999999",
    "../..",
    "\u0000",
    "%s%n",
    "\u2028",
    "0x0",
    "1x4",
    "99999x99999",
    "1G",
    "0k",
    "K=V",
    "=",
    "temperature="
  };

  /** Options whose values are not touched: where results go, and what the machine would pay. */
  private static final List<String> KEPT = List.of("--out", "--threads", "--run");

  private final Fixture fixture;

  ExplainFuzz(Fixture fixture) throws IOException {
    this.fixture = fixture;
    NpyBytes.random(fixture.at("T.npy"), 5, 10, Fixture.WIDTH);
    NpyBytes.longs(fixture.at("ty.npy"), 0, 1, 2, 0, 1, 2, 0, 1, 2, 0);
    Files.writeString(fixture.at("pairs.csv"), "i,j\n0,1\n2,3\n4,5\n");
    Files.writeString(fixture.at("noise.csv"), "id,clean,noisy\n0,1,0\n4,2,1\n");
    String head =
        "{\"weight\":{\"dtype\":\"F32\",\"shape\":[2,4],\"data_offsets\":[0,32]},"
            + "\"proxies\":{\"dtype\":\"F32\",\"shape\":[3,2],\"data_offsets\":[32,56]}}";
    Files.write(fixture.at("model.safetensors"), Fixture.safetensors(head, 56));
  }

  /** A command and the files that it reads. */
  record Case(Object[] command, List<Path> files) {}

  List<Case> cases() {
    List<Case> all = new ArrayList<>();
    all.add(each("confusions", List.of(), "--metric", "raw"));
    String[] pair = {
      "--pairs",
      fixture.text("pairs.csv"),
      "--method",
      "gradient",
      "--plain",
      "",
      "--measure",
      "recall@1",
      "--damping",
      "10x",
      "--memory",
      "1G",
      "--pixels",
      "2x2"
    };
    all.add(each("pair", List.of("pairs.csv", "pairs.csv", "pairs.csv"), pair));
    all.add(
        each(
            "group",
            List.of(),
            "--method",
            "if",
            "--damping",
            "100x",
            "--theta",
            "W",
            "--tolerance",
            "1e-3",
            "--check",
            "1",
            "--groups",
            "2"));
    String[] mislabel = {
      "--noise", fixture.text("noise.csv"), "--detectors", "loss,random", "--budget", "3"
    };
    all.add(each("mislabel", List.of("noise.csv", "noise.csv"), mislabel));
    String[] reweight = {
      "--weights",
      fixture.text("w.npy"),
      "--pairs",
      fixture.text("pairs.csv"),
      "--plain",
      "",
      "--lr",
      "1e-3",
      "--seed",
      "1",
      "--measure",
      "triplet"
    };
    all.add(each("reweight", List.of("w.npy", "pairs.csv"), reweight));
    return all;
  }

  private Case each(String command, List<String> own, String... more) {
    List<String> options = new ArrayList<>(List.of("explain", command));
    for (String[] option :
        new String[][] {
          {"--features", fixture.text("E.npy")},
          {"--labels", fixture.text("y.npy")},
          {"--head", fixture.text("model.safetensors")},
          {"--loss", "normalized-softmax"},
          {"--param", "temperature=0.2"},
          {"--test-features", fixture.text("T.npy")},
          {"--test-labels", fixture.text("ty.npy")},
          {"--threads", "1"},
          {"--out", out().toString()}
        }) {
      options.addAll(Arrays.asList(option));
    }
    Arrays.stream(more).filter(s -> !s.isEmpty()).forEach(options::add);
    List<String> files =
        new ArrayList<>(List.of("E.npy", "y.npy", "T.npy", "ty.npy", "model.safetensors"));
    files.addAll(own);
    return new Case(options.toArray(), files.stream().map(fixture::at).toList());
  }

  private Path out() {
    return fixture.at("blame");
  }

  /** The command with the value of one option replaced, or an option left out. */
  static Object[] spoilt(Object[] command, Random random) {
    List<Integer> places = new ArrayList<>();
    for (int i = 2; i + 1 < command.length; i++) {
      boolean option = command[i].toString().startsWith("--");
      boolean value = !command[i + 1].toString().startsWith("--");
      if (option && value && !KEPT.contains(command[i].toString())) {
        places.add(i);
      }
    }
    int place = places.get(random.nextInt(places.size()));
    List<Object> all = new ArrayList<>(Arrays.asList(command));
    if (random.nextInt(5) == 0) {
      all.subList(place, place + 2).clear();
    } else {
      all.set(place + 1, HOSTILE[random.nextInt(HOSTILE.length)]);
    }
    return all.toArray();
  }

  /** What a command left behind that it should not have; forgets it all. */
  String leftBehind(int code) throws IOException {
    if (!Files.exists(out())) {
      return code == 0 ? "no results" : null;
    }
    try (Stream<Path> files = Files.walk(out())) {
      String left = null;
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        boolean hidden = out().relativize(file).toString().startsWith(".");
        if (code != 0 && !hidden && !file.equals(out())) {
          left = "left " + file;
        }
        Files.delete(file);
      }
      return left;
    }
  }
}
