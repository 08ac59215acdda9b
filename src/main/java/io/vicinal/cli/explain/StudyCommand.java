package io.vicinal.cli.explain;

import com.google.gson.JsonObject;
import io.vicinal.InputException;
import io.vicinal.cli.common.FolderOptions;
import io.vicinal.config.RunConfig;
import io.vicinal.curate.noise.EvidenceOptions;
import io.vicinal.curate.relabel.RelabelRule;
import io.vicinal.curate.study.WorstClassOverlap;
import io.vicinal.data.LabelNoise;
import io.vicinal.explain.Explainer;
import io.vicinal.explain.LabelStudy;
import io.vicinal.explain.Subject;
import io.vicinal.influence.query.Neighbouring;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code vicinal explain study}: what the whole training set looks like. */
@Command(
    name = "study",
    sortOptions = false,
    header = "Study the labels of a whole training set, and its worst classes over several runs.",
    description = {
      "",
      "Every sample gets a recommended label; classes are sorted by how many differ: individual",
      "(5 %% or less), other, and from 10 %% on centralized (towards one class) or diversified, by the",
      "share of the first other class (0.9) and by entropy (0.35). With --noise or --inject: are",
      "the neighbours of harmful and helpful noisy samples pure, and do their scores keep their sign?",
      "With --with: do several runs have the same worst test classes? Features and labels are",
      "enough; then a head is trained, as in 'mislabel'.",
      "",
      "Writes study.csv (a row per class), with --with overlap.csv, with --inject noise.csv,",
      "summary.json and report.html.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  vicinal train --config c.json --run runs/second --set seed=1",
      "  vicinal explain study --run runs/first --with runs/second --out study"
    })
final class StudyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private ModelOptions inputs;

  @Option(
      names = "--rule",
      paramLabel = "RULE",
      defaultValue = "knn-embedding",
      description = "As in 'relabel'; default: knn-embedding, the published study's.")
  private String rule;

  @Mixin private NoiseOptions noises;

  @Option(
      names = "--with",
      paramLabel = "DIR",
      description = "Another run folder whose worst test classes are compared; repeatable.")
  private List<Path> others = new ArrayList<>();

  @Option(
      names = "--worst",
      paramLabel = "K",
      defaultValue = "10",
      description = "Worst classes that are compared; default: 10.")
  private int worst;

  @Mixin private HeadTrainingOptions training;

  @Mixin private FolderOptions out;

  @Override
  public Integer call() {
    RelabelRule how = MethodOptions.parsed("--rule", () -> RelabelRule.parse(rule));
    if (worst < 1) {
      throw new InputException("--worst: " + worst + " is below 1");
    }
    noises.check();
    boolean needsTest = noises.file != null || noises.inject != null || !others.isEmpty();
    try (ModelInputs model = ModelInputs.openLabels(inputs, training, needsTest)) {
      RunConfig config = training.config(inputs, model);
      Subject subject = model.subject();
      LabelNoise known = null; // in the head's numbers
      LabelNoise listed = null; // in the data set's
      if (noises.inject != null) {
        LabelNoise made = noises.apply(model, config);
        subject = model.subject();
        listed = subject.labelled().inDataSet(made);
        known = subject.inRows(subject.trained(), listed, noises.inject);
      } else if (noises.file != null) {
        listed = LabelNoise.read(noises.file, subject.classNames());
        known = subject.inRows(subject.trained(), listed, noises.file);
      }
      Key key = new Key().add("command", spec.name()).add("rule", rule);
      noises.addTo(key);
      model.addTo(key);
      training.addTo(key, config);
      try (WorkFolder work = new WorkFolder(out.path(), key, results(), out.outputs());
          ProgressBars bars = new ProgressBars(spec.commandLine().getOut());
          Explainer explainer = Explainer.of(model.backend(), subject)) {
        LabelStudy found =
            explainer.with(bars).study(how, EvidenceOptions.of(config, noises.seed), known);
        WorstClassOverlap overlap = others.isEmpty() ? null : overlap(model);
        StudyWords words = new StudyWords(model, rule, found, overlap);
        words.classes().write(work.file("study.csv"));
        JsonObject summary = Summary.of(spec.name(), model);
        summary.addProperty("rule", rule);
        summary.addProperty("seed", noises.seed);
        words.addTo(summary);
        if (noises.inject != null) {
          model.writeNoise(listed, work.file("noise.csv"));
          summary.addProperty("injected", noises.inject);
          summary.addProperty("rate", noises.rate);
        }
        if (overlap != null) {
          words.overlap(runs()).write(work.file("overlap.csv"));
          summary.add("overlap", words.shared());
        }
        model.writeJson(summary, work.file("summary.json"));
        Page page = new Page(spec.name(), "Labels of a training set", model, null);
        words.addTo(page.fact("Seed", noises.seed));
        page.write(work);
        work.commit(List.of("overlap.csv", "noise.csv"));
        bars.finish();
        PrintWriter writer = spec.commandLine().getOut();
        words.print(worst, writer);
        writer.println("written: " + out);
      }
    }
    return 0;
  }

  private List<String> results() {
    List<String> names = new ArrayList<>(List.of("study.csv", "summary.json", "report.html"));
    if (!others.isEmpty()) {
      names.add("overlap.csv");
    }
    if (noises.inject != null) {
      names.add("noise.csv");
    }
    return names;
  }

  private WorstClassOverlap overlap(ModelInputs model) {
    List<WorstClassOverlap.Worst> lists = new ArrayList<>();
    lists.add(worst(model, 0));
    for (Path other : others) {
      ModelOptions same = new ModelOptions();
      same.run = other;
      same.testFeatures = inputs.testFeatures;
      same.testLabels = inputs.testLabels;
      same.device = inputs.device;
      try (ModelInputs opened = ModelInputs.openWithTest(same)) {
        lists.add(worst(opened, lists.size()));
      }
    }
    return new WorstClassOverlap(lists);
  }

  private WorstClassOverlap.Worst worst(ModelInputs model, long number) {
    return new WorstClassOverlap.Worst(
        model.subject().model().loss().name(),
        number,
        model.subject().confusions(model.backend(), Neighbouring.COSINE).worstClasses(worst));
  }

  /** What each list is of. */
  private List<Object> runs() {
    List<Object> runs = new ArrayList<>(others);
    runs.add(
        0, inputs.run != null ? inputs.run : inputs.head != null ? inputs.head : "trained here");
    return runs;
  }
}
