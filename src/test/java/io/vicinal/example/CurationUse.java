package io.vicinal.example;

import io.vicinal.curate.noise.EvidenceOptions;
import io.vicinal.curate.relabel.RelabelRule;
import io.vicinal.curate.relabel.Relabelling;
import io.vicinal.curate.reweight.Reweighted;
import io.vicinal.data.FeatureSet;
import io.vicinal.explain.AuditOptions;
import io.vicinal.explain.Explainer;
import io.vicinal.explain.LabelStudy;
import io.vicinal.explain.Mislabelled;
import io.vicinal.explain.Relabelled;
import io.vicinal.explain.ReweightOptions;
import io.vicinal.train.TrainedHead;

/** Says which labels are wrong, and what acting on it is worth. */
public final class CurationUse {
  /** The labels, with those changed that are likelier wrong than right. */
  public static long[] cleaned(TrainedHead head, FeatureSet training, FeatureSet test) {
    try (Explainer explainer = Explainer.of(head, training, test)) {
      Mislabelled found = explainer.mislabelled(AuditOptions.of(explainer.evidence()));
      System.out.println(found.audit().entries().get(0)); // the most suspicious
      return explainer.subject().ofDataSet(found.relabelling().cleaned());
    }
  }

  /** How heads retrieve that are trained on the labels as they are, and on cleaned ones. */
  public static Relabelled repaired(TrainedHead head, FeatureSet training, FeatureSet test) {
    try (Explainer explainer = Explainer.of(head, training, test)) {
      EvidenceOptions how = explainer.evidence();
      Relabelling labels = explainer.mislabelled(AuditOptions.of(how).by("knn")).relabelling();
      return explainer.relabel(labels, Relabelling.Mode.HARD, how);
    }
  }

  /** What becomes of three confusions when blamed samples are left out and others count twice. */
  public static Reweighted reweighted(TrainedHead head, FeatureSet training, FeatureSet test) {
    try (Explainer explainer = Explainer.of(head, training, test)) {
      return explainer.reweight(
          explainer.explain(explainer.confused(3)), ReweightOptions.defaults());
    }
  }

  /** Which classes are hard to tell apart, or labelled wrong as a whole. */
  public static LabelStudy studied(TrainedHead head, FeatureSet training, FeatureSet test) {
    try (Explainer explainer = Explainer.of(head, training, test)) {
      return explainer.study(RelabelRule.COMBINED, explainer.evidence(), null);
    }
  }
}
