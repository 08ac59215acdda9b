package io.vicinal;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The layers of docs/architecture.md: packages depend downwards only. */
class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.vicinal");

  @Test
  void packagesDependDownwardsOnly() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .withOptionalLayers(true)
        .layer("cli")
        .definedBy("io.vicinal.cli..")
        .layer("train")
        .definedBy("io.vicinal.train..")
        .layer("report")
        .definedBy("io.vicinal.report..")
        .layer("explain")
        .definedBy("io.vicinal.explain..")
        .layer("curate")
        .definedBy("io.vicinal.curate..")
        .layer("influence")
        .definedBy("io.vicinal.influence..")
        .layer("statistics")
        .definedBy("io.vicinal.statistics..")
        .layer("parts")
        .definedBy(
            "io.vicinal.mine..",
            "io.vicinal.loss..",
            "io.vicinal.retrieval..",
            "io.vicinal.nn..",
            "io.vicinal.optim..",
            "io.vicinal.sample..",
            "io.vicinal.data..",
            "io.vicinal.config..")
        .layer("backend")
        .definedBy("io.vicinal.backend..")
        .layer("tensor")
        .definedBy("io.vicinal.tensor..")
        .layer("program")
        .definedBy("io.vicinal.program..")
        .layer("process")
        .definedBy("io.vicinal.process..")
        .layer("faiss")
        .definedBy("io.vicinal.faiss..")
        .whereLayer("cli")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("report")
        .mayOnlyBeAccessedByLayers("cli")
        .whereLayer("explain")
        .mayOnlyBeAccessedByLayers("cli", "report")
        .whereLayer("curate")
        .mayOnlyBeAccessedByLayers("cli", "report", "explain")
        .whereLayer("influence")
        .mayOnlyBeAccessedByLayers("cli", "report", "explain", "curate")
        .whereLayer("train")
        .mayOnlyBeAccessedByLayers("cli", "explain", "influence", "curate")
        .whereLayer("statistics")
        .mayOnlyBeAccessedByLayers("cli", "report", "explain", "curate", "influence")
        .whereLayer("parts")
        .mayOnlyBeAccessedByLayers(
            "cli", "train", "explain", "influence", "curate", "statistics", "report")
        .whereLayer("backend")
        .mayOnlyBeAccessedByLayers(
            "cli", "train", "explain", "influence", "curate", "report", "parts", "program", "faiss")
        .whereLayer("tensor")
        .mayOnlyBeAccessedByLayers(
            "cli",
            "train",
            "explain",
            "influence",
            "curate",
            "report",
            "parts",
            "program",
            "backend")
        .whereLayer("faiss")
        .mayOnlyBeAccessedByLayers("cli", "parts")
        .whereLayer("program")
        .mayOnlyBeAccessedByLayers(
            "cli", "train", "explain", "influence", "curate", "statistics", "report", "parts")
        .whereLayer("process")
        .mayNotAccessAnyLayer()
        .check(CLASSES);
  }

  /** Devices are found as services: the list of operations knows none of those who have them. */
  @Test
  void theBackendKnowsNoImplementation() {
    noClasses()
        .that()
        .resideInAPackage("io.vicinal.backend")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.vicinal.backend.engine..", "io.vicinal.backend.cuda..")
        .check(CLASSES);
  }

  /** A loss and its derivatives are made without a device; one class runs them. */
  @Test
  void expressionsKnowNoDevice() {
    noClasses()
        .that()
        .resideInAPackage("io.vicinal.program")
        .and()
        .doNotHaveSimpleName("Executable")
        .should()
        .dependOnClassesThat()
        .resideOutsideOfPackages("io.vicinal.program", "java..")
        .check(CLASSES);
  }

  /** Who depends on the library does without these; OptionalLibrary says when one is missing. */
  @Test
  void optionalLibrariesHaveOneUserEach() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.vicinal.cli..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("picocli..", "me.tongfei..", "org.jline..")
        .check(CLASSES);
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName("io.vicinal.report.Projections")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("tagbio..")
        .check(CLASSES);
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName("io.vicinal.data.dataset.MatlabFile")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("us.hebi..")
        .check(CLASSES);
    noClasses()
        .that()
        .resideOutsideOfPackage("io.vicinal.data.onnx")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("ai.onnxruntime..", "com.google.protobuf..")
        .check(CLASSES);
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName("io.vicinal.cli.export.LuceneIndex")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.apache.lucene..")
        .check(CLASSES);
    noClasses()
        .that()
        .haveNameNotMatching("io\\.vicinal\\.data\\.Parquet.*")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.apache.parquet..", "io.airlift..")
        .check(CLASSES);
    noClasses()
        .that()
        .resideOutsideOfPackage("io.vicinal.backend.cuda")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.bytedeco.cuda..")
        .check(CLASSES);
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching("io.vicinal.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  /** A class can be read before those that use it. */
  @Test
  void classesHaveNoCycles() {
    slices()
        .assignedFrom(
            topLevelClassesOf(
                "io.vicinal.influence.",
                "io.vicinal.curate.",
                "io.vicinal.statistics.",
                "io.vicinal.data.",
                "io.vicinal.train.",
                "io.vicinal.explain."))
        .should()
        .beFreeOfCycles()
        .check(CLASSES);
  }

  /** Nested types may repeat each other's names, each read with its owner's, but no top-level's. */
  @Test
  void topLevelNamesMeanOneThing() {
    Map<String, List<String>> byName =
        CLASSES.stream()
            .filter(type -> !type.getSimpleName().matches("package-info|"))
            .collect(
                Collectors.groupingBy(
                    type -> type.getSimpleName().toLowerCase(Locale.ROOT),
                    Collectors.mapping(JavaClass::getName, Collectors.toList())));
    assertThat(byName.values())
        .allMatch(
            names -> names.size() == 1 || names.stream().allMatch(name -> name.contains("$")));
  }

  private static SliceAssignment topLevelClassesOf(String... packages) {
    return new SliceAssignment() {
      @Override
      public String getDescription() {
        return "top-level classes of " + String.join(", ", packages);
      }

      @Override
      public SliceIdentifier getIdentifierOf(JavaClass type) {
        String name = type.getName();
        return Arrays.stream(packages).anyMatch(name::startsWith)
            ? SliceIdentifier.of(name.replaceAll("\\$.*", ""))
            : SliceIdentifier.ignore();
      }
    };
  }
}
