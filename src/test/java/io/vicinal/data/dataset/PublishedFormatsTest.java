package io.vicinal.data.dataset;

import static io.vicinal.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.InputException;
import io.vicinal.data.FileMutator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import us.hebi.matlab.mat.format.Mat5;
import us.hebi.matlab.mat.format.Mat5File;
import us.hebi.matlab.mat.types.Cell;
import us.hebi.matlab.mat.types.Struct;

/** Miniatures of published datasets, in their formats. */
class PublishedFormatsTest {
  private static final String LABELS = "image_class_labels.txt";
  private static final String EBAY = "image_id class_id super_class_id path";

  @TempDir Path folder;
  private DatasetTree tree;

  @BeforeEach
  void tree() {
    tree = new DatasetTree(folder);
  }

  private DatasetTree cub() {
    String[] images = {
      "001.Black_footed_Albatross/Black_Footed_Albatross_0001_796111.jpg",
      "001.Black_footed_Albatross/Black_Footed_Albatross_0002_55.jpg",
      "002.Laysan_Albatross/Laysan_Albatross_0001_545.jpg",
      "010.Red_winged_Blackbird/Red_Winged_Blackbird_0003_5695.jpg",
      "011.Rusty_Blackbird/Rusty_Blackbird_0015_6885.jpg"
    };
    Stream.of(images).forEach(image -> tree.images("images/" + image));
    tree.images("images/001.Black_footed_Albatross/._Black_Footed_Albatross_0001_796111.jpg");
    return tree.text(
            "images.txt",
            IntStream.range(0, 5).mapToObj(i -> i + 1 + " " + images[i]).toArray(String[]::new))
        .text(LABELS, "1 1", "2 1", "3 2", "4 3", "5 4")
        .text(
            "classes.txt",
            "1 001.Black_footed_Albatross",
            "2 002.Laysan_Albatross",
            "3 010.Red_winged_Blackbird",
            "4 011.Rusty_Blackbird")
        .text("train_test_split.txt", "1 0", "2 1", "3 1", "4 1", "5 0")
        .text(
            "bounding_boxes.txt",
            "1 60.0 27.0 325.0 304.0",
            "2 139.0 30.0 153.0 264.0",
            "3 14.0 112.0 388.0 186.0",
            "4 112.0 90.0 255.0 242.0");
  }

  @Test
  void cubIsSplitByClass() {
    Dataset data = Datasets.open(cub().folder());
    assertThat(data.formatName()).isEqualTo("cub");
    assertThat(data.splits()).containsExactly("train", "test");
    assertThat(DatasetTree.labels(data)).containsExactly(0, 0, 1, 2, 3);
    assertThat(data.ids("train")).containsExactly(0, 1, 2);
    assertThat(DatasetTree.rows(data).get(3))
        .isEqualTo(
            "test 010.Red_winged_Blackbird"
                + " 010.Red_winged_Blackbird/Red_Winged_Blackbird_0003_5695.jpg");
    assertThat(data.box(0)).isEqualTo(new Dataset.Box(60, 27, 385, 331));
    assertThat(data.box(4)).isNull();
    assertThat(data.notes())
        .containsExactly(
            "cub: 3 train samples, where 5,864 are published",
            "cub: 2 test samples, where 5,924 are published");
    Dataset official = cub().read("cub", Map.of("split", "official"));
    assertThat(official.ids("train")).containsExactly(1, 2, 3);
    assertThat(official.notes()).contains("cub: 2 test samples, where 5,794 are published");
  }

  @Test
  void cubFromItsFoldersAlone() throws IOException {
    cub();
    for (String list : List.of("images.txt", LABELS, "classes.txt")) {
      Files.delete(folder.resolve(list));
    }
    Dataset data = tree.read("cub");
    assertThat(DatasetTree.labels(data)).containsExactly(0, 0, 1, 2, 3);
    assertThat(data.ids("test")).containsExactly(3, 4);
    assertThat(data.notes().get(0)).contains("1 hidden");
    refused(() -> tree.read("cub", Map.of("split", "official")), "classes.txt: does not exist");
  }

  @Test
  void cubListsThatDoNotFit() throws IOException {
    cub().text(LABELS, "1 1", "2 1", "3 2", "5 9");
    refused(() -> tree.read("cub"), "images.txt: line 4: image 4 has no class", "(and 1 more");
    cub().text("images.txt", "1 001.Black_footed_Albatross/gone.jpg");
    refused(() -> tree.read("cub"), "images.txt: line 1: '", "gone.jpg' does not exist");
    cub().text("bounding_boxes.txt", "1 2 3 4 five");
    refused(() -> tree.read("cub"), "bounding_boxes.txt: line 1 has 'five'");
    cub().text("bounding_boxes.txt", "1 2 3");
    refused(() -> tree.read("cub"), "bounding_boxes.txt: line 1 has 3 cells where 5");
    cub().text("train_test_split.txt", "1 0");
    refused(() -> tree.read("cub", Map.of("split", "official")), "line 2: image 2 is not in");
    refused(() -> tree.read("cub", Map.of("split", "half")), "none of classes, official");
  }

  /** As MATLAB writes it: a struct array of char rows and doubles, deflated. */
  private void cars(int... classes) throws IOException {
    try (Mat5File mat = Mat5.newMatFile()) {
      Struct annotations = Mat5.newStruct(1, classes.length);
      for (int i = 0; i < classes.length; i++) {
        String image = "car_ims/%06d.jpg".formatted(i + 1);
        tree.images(image);
        annotations.set("relative_im_path", i, Mat5.newString(image));
        annotations.set("bbox_x1", i, Mat5.newScalar(112));
        annotations.set("bbox_y1", i, Mat5.newScalar(7));
        annotations.set("bbox_x2", i, Mat5.newScalar(853));
        annotations.set("bbox_y2", i, Mat5.newScalar(717));
        annotations.set("class", i, Mat5.newScalar(classes[i]));
        annotations.set("test", i, Mat5.newScalar(i % 2));
      }
      Cell names = Mat5.newCell(1, 4);
      List<String> called =
          List.of(
              "AM General Hummer SUV 2000",
              "Acura RL Sedan 2012",
              "Volvo 240 Sedan 1993",
              "smart fortwo Convertible 2012");
      for (int c = 0; c < 4; c++) {
        names.set(c, Mat5.newString(called.get(c)));
      }
      mat.addArray("annotations", annotations).addArray("class_names", names);
      Mat5.writeToFile(mat, folder.resolve("cars_annos.mat").toFile());
    }
  }

  @Test
  void carsAreSplitByClassInTheOrderOfTheFile() throws IOException {
    cars(3, 1, 4, 2, 1);
    Dataset data = Datasets.open(folder);
    assertThat(data.formatName()).isEqualTo("cars");
    assertThat(DatasetTree.labels(data)).containsExactly(2, 0, 3, 1, 0);
    assertThat(data.ids("train")).containsExactly(1, 3, 4);
    assertThat(data.classes().get(3)).isEqualTo("smart fortwo Convertible 2012");
    assertThat(data.name(0)).isEqualTo("car_ims/000001.jpg");
    assertThat(data.box(2)).isEqualTo(new Dataset.Box(111, 6, 853, 717));
    assertThat(data.notes()).contains("cars: 3 train samples, where 8,054 are published");
    assertThat(tree.read("cars", Map.of("split", "official")).ids("test")).containsExactly(1, 3);
  }

  /**
   * Written by SciPy 1.17.1: savemat("cars_annos.mat", {"annotations": a, "class_names": names},
   * do_compression=True), a of shape (1, 3) with texts, uint16 and uint8 as in the published file.
   */
  @Test
  void carsAsAnotherProgramWritesThem() throws IOException {
    Files.copy(Path.of("src/test/resources/data/cars_annos.mat"), folder.resolve("cars_annos.mat"));
    tree.images("car_ims/000001.jpg", "car_ims/000002.jpg", "car_ims/000003.jpg");
    Dataset data = tree.read("cars");
    assertThat(DatasetTree.rows(data))
        .containsExactly(
            "train Acura RL Sedan 2012 car_ims/000001.jpg",
            "train AM General Hummer SUV 2000 car_ims/000002.jpg",
            "test smart fortwo Convertible 2012 car_ims/000003.jpg");
    assertThat(data.box(2)).isEqualTo(new Dataset.Box(111, 6, 853, 717));
    assertThat(tree.read("cars", Map.of("split", "official")).ids("test")).containsExactly(1);
  }

  @Test
  void carsFromFoldersAlone() {
    tree.images("images/Acura RL Sedan 2012/1.jpg", "images/Volvo 240 Sedan 1993/2.jpg");
    Dataset data = tree.read("cars");
    assertThat(data.ids("train")).containsExactly(0);
    assertThat(data.ids("test")).containsExactly(1);
  }

  @Test
  void carsThatAreDamaged() throws IOException {
    cars(1, 5);
    refused(() -> tree.read("cars"), "cars_annos.mat: annotation 2: class 5 is none of 1 to 4");
    cars(1, 2);
    Files.delete(folder.resolve("car_ims/000002.jpg"));
    refused(() -> tree.read("cars"), "annotation 2: '", "000002.jpg' does not exist");
    Path mat = folder.resolve("cars_annos.mat");
    byte[] whole = Files.readAllBytes(mat);
    for (int cut : new int[] {0, 100, 130, 200, whole.length - 9}) {
      Files.write(mat, Arrays.copyOf(whole, cut));
      refused(() -> tree.read("cars"), "cars_annos.mat: ");
    }
    Files.delete(mat);
    refused(() -> tree.read("cars"), "cars_annos.mat: does not exist");
  }

  private DatasetTree sop(String lists, String images) {
    tree.images(
        images + "bicycle_final/111085122871_0.JPG",
        images + "bicycle_final/111085122871_1.JPG",
        images + "chair_final/131210005_0.JPG",
        images + "toaster_final/281_0.JPG",
        images + "toaster_final/281_1.JPG");
    tree.text(
        lists + "Ebay_train.txt",
        EBAY,
        "1 1 1 bicycle_final/111085122871_0.JPG",
        "2 1 1 bicycle_final/111085122871_1.JPG",
        "3 2 4 chair_final/131210005_0.JPG");
    return tree.text(
        lists + "Ebay_test.txt",
        EBAY,
        "4 11319 12 toaster_final/281_0.JPG",
        "5 11319 12 toaster_final/281_1.JPG");
  }

  @Test
  void onlineProductsHaveTheirLists() {
    Dataset data = Datasets.open(sop("", "").folder());
    assertThat(data.formatName()).isEqualTo("sop");
    assertThat(DatasetTree.labels(data)).containsExactly(0, 0, 1, 2, 2);
    assertThat(data.classes().list()).containsExactly("1", "2", "11319");
    assertThat(data.ids("test")).containsExactly(3, 4);
    assertThat(data.superClasses().list()).containsExactly("bicycle", "chair", "toaster");
    assertThat(data.superClass(4)).isEqualTo(2);
    assertThat(data.notes())
        .containsExactly(
            "sop: 3 train samples, where 59,551 are published",
            "sop: 2 test samples, where 60,502 are published");
    tree.text("Ebay_info.txt", EBAY, "1 1 1 bicycle_final/111085122871_0.JPG");
    assertThat(Datasets.open(folder).notes().get(0))
        .endsWith("Ebay_info.txt: has 1 images, the lists of train and test have 5");
  }

  @Test
  void onlineProductsInInfoFiles() {
    Dataset data = Datasets.open(sop("Info_Files/", "images/").folder());
    assertThat(data.formatName()).isEqualTo("sop");
    assertThat(DatasetTree.rows(data).get(0)).isEqualTo("train 1 bicycle_final/111085122871_0.JPG");
  }

  @Test
  void onlineProductsThatAreDamaged() {
    sop("", "").text("Ebay_test.txt", EBAY, "4 x 12 toaster_final/281_0.JPG");
    refused(() -> Datasets.open(folder), "Ebay_test.txt: line 2 has 'x' where a whole number");
    sop("", "").text("Ebay_test.txt", EBAY, "4 3 12 toaster_final/281_0.JPG", "5 3 12");
    refused(() -> Datasets.open(folder), "Ebay_test.txt: line 3 has 3 cells where 4 are expected");
    sop("", "").text("Ebay_test.txt", EBAY, "4 3 1 bicycle_final/111085122871_0.JPG");
    refused(() -> Datasets.open(folder), "Ebay_test.txt: line 2 has 'bicycle_final", "again");
    sop("", "").text("Ebay_test.txt", EBAY);
    refused(() -> Datasets.open(folder), "Ebay_test.txt: has no images");
  }

  private DatasetTree inshop(String count) {
    String[] images = {
      "img/WOMEN/Dresses/id_00000002/02_1_front.jpg",
      "img/WOMEN/Dresses/id_00000002/02_2_side.jpg",
      "img/MEN/Denim/id_00000080/01_1_front.jpg",
      "img/WOMEN/Tees_Tanks/id_00000010/01_1_front.jpg",
      "img/WOMEN/Tees_Tanks/id_00000010/01_2_side.jpg"
    };
    Stream.of(images).forEach(image -> tree.images("Img/" + image));
    return tree.text(
        "Eval/list_eval_partition.txt",
        count,
        "image_name item_id evaluation_status",
        images[3] + "   id_00000010 gallery",
        images[2] + "   id_00000080 train",
        images[0] + "   id_00000002 train",
        images[1] + "   id_00000002 train",
        images[4] + "   id_00000010 query");
  }

  @Test
  void inShopHasQueriesAndAGallery() {
    Dataset data = Datasets.open(inshop("5").folder());
    assertThat(data.formatName()).isEqualTo("inshop");
    assertThat(DatasetTree.rows(data))
        .containsExactly(
            "train id_00000080 img/MEN/Denim/id_00000080/01_1_front.jpg",
            "train id_00000002 img/WOMEN/Dresses/id_00000002/02_1_front.jpg",
            "train id_00000002 img/WOMEN/Dresses/id_00000002/02_2_side.jpg",
            "test id_00000010 img/WOMEN/Tees_Tanks/id_00000010/01_2_side.jpg",
            "test id_00000010 img/WOMEN/Tees_Tanks/id_00000010/01_1_front.jpg");
    assertThat(DatasetTree.labels(data)).containsExactly(1, 0, 0, 2, 2); // trained first, by number
    assertThat(data.isQuery(3) && !data.isGallery(3)).isTrue();
    assertThat(data.isGallery(4) && !data.isQuery(4)).isTrue();
    assertThat(data.superClasses().list())
        .containsExactly("MEN/Denim", "WOMEN/Dresses", "WOMEN/Tees_Tanks");
    assertThat(data.notes())
        .containsExactly(
            "inshop: 3 train samples, where 25,882 are published",
            "inshop: 1 query samples, where 14,218 are published",
            "inshop: 1 gallery samples, where 12,612 are published");
  }

  @Test
  void inShopThatIsDamaged() {
    assertThat(Datasets.open(inshop("52712").folder()).notes().get(0))
        .endsWith("its first line says 52712 images, and 5 follow");
    String list = "Eval/list_eval_partition.txt";
    tree.text(list, "1", "names", "img/MEN/Denim/id_00000080/01_1_front.jpg id_x train");
    refused(() -> Datasets.open(folder), "line 3: item 'id_x' ends in no number");
    tree.text(list, "1", "names", "img/MEN/Denim/id_00000080/01_1_front.jpg id_80 val");
    refused(() -> Datasets.open(folder), "line 3: 'val' is none of train, query, gallery");
    tree.text(list, "some", "names");
    refused(() -> Datasets.open(folder), "line 1 has 'some' where a whole number");
    tree.text(list, "0", "names");
    refused(() -> Datasets.open(folder), "has no images");
  }

  /** Pixel i of colour c of record r is r + i + 100 c. */
  private static byte[] record(int r, int... labels) {
    ByteBuffer record = ByteBuffer.allocate(labels.length + 3072);
    IntStream.of(labels).forEach(label -> record.put((byte) label));
    for (int c = 0; c < 3; c++) {
      for (int i = 0; i < 1024; i++) {
        record.put((byte) (r + i + 100 * c));
      }
    }
    return record.array();
  }

  private static void isRecord(Dataset data, int id, int r) {
    byte[] picture = new byte[3072];
    data.pixels().read(data.row(id), picture);
    for (int k : new int[] {0, 1, 2, 3, 4, 5, 3071}) {
      assertThat(picture[k]).isEqualTo((byte) (r + k / 3 + 100 * (k % 3)));
    }
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    Stream.of(parts).forEach(all::writeBytes);
    return all.toByteArray();
  }

  @Test
  void cifarTen() throws IOException {
    String[] names = {"airplane", "automobile", "bird", ""};
    tree.text("batches.meta.txt", names);
    for (int b = 1; b <= 5; b++) {
      tree.bytes("data_batch_" + b + ".bin", joined(record(b, b % 3), record(b + 10, 0)));
    }
    tree.bytes("test_batch.bin", record(90, 2));
    Dataset data = Datasets.open(folder);
    assertThat(data.formatName()).isEqualTo("cifar10");
    assertThat(data.size()).isEqualTo(11);
    assertThat(data.classes().list()).containsExactly("airplane", "automobile", "bird");
    assertThat(DatasetTree.labels(data)).containsExactly(1, 0, 2, 0, 0, 0, 1, 0, 2, 0, 2);
    assertThat(data.name(3)).isEqualTo("data_batch_2.bin[1]");
    assertThat(data.file(3)).isNull();
    assertThat(data.pixels().height() * data.pixels().width()).isEqualTo(1024);
    isRecord(data, 0, 1);
    isRecord(data, 3, 12);
    isRecord(data, 10, 90);
    isRecord(data.subset(data.ids("test")), 0, 90);
    assertThat(data.notes()).contains("cifar10: 10 train samples, where 50,000 are published");

    tree.bytes("test_batch.bin", record(0, 3));
    refused(() -> Datasets.open(folder), "test_batch.bin: has the label 3 in record 0");
    tree.bytes("test_batch.bin", new byte[3072]);
    refused(() -> Datasets.open(folder), "3072 bytes, no whole records of 3073");
    tree.bytes("test_batch.bin", record(0, 1));
    Files.delete(folder.resolve("data_batch_3.bin"));
    refused(() -> Datasets.open(folder), "data_batch_3.bin: does not exist");
  }

  @Test
  void cifarHundredHasSuperClasses() {
    tree.text("fine_label_names.txt", "apple", "beaver", "bottle");
    tree.text("coarse_label_names.txt", "aquatic", "fruit", "containers");
    tree.bytes("train.bin", joined(record(5, 1, 0), record(6, 0, 1)));
    tree.bytes("test.bin", record(7, 2, 2));
    Dataset data = Datasets.open(folder);
    assertThat(data.formatName()).isEqualTo("cifar100");
    assertThat(DatasetTree.rows(data))
        .containsExactly(
            "train apple train.bin[0]", "train beaver train.bin[1]", "test bottle test.bin[0]");
    assertThat(data.superClasses().get(data.superClass(0))).isEqualTo("fruit");
    assertThat(data.superClasses().get(data.superClass(2))).isEqualTo("containers");
    isRecord(data, 1, 6);
    isRecord(data, 2, 7);
  }

  @Test
  void imageNetNamesItsSynsets() {
    for (String place : new String[] {"", "ILSVRC/Data/CLS-LOC/"}) {
      tree.images(
          place + "train/n01440764/n01440764_18.JPEG",
          place + "train/n02012849/n02012849_1.JPEG",
          place + "val/n01440764/ILSVRC2012_val_00000293.JPEG");
      Dataset data = Datasets.open(folder);
      assertThat(data.formatName()).isEqualTo("imagenet");
      assertThat(data.classes().list()).containsExactly("n01440764", "n02012849");
    }
    tree.text("LOC_synset_mapping.txt", "n01440764 tench, Tinca tinca", "n02012849 crane");
    Dataset data = Datasets.open(folder);
    assertThat(data.classes().list()).containsExactly("tench, Tinca tinca", "crane");
    assertThat(data.splits()).containsExactly("train", "validation");
    assertThat(data.notes())
        .containsExactly(
            "imagenet: 2 train samples, where 1,281,167 are published",
            "imagenet: 1 validation samples, where 50,000 are published");
  }

  /** As it is unpacked: validation pictures without folders. */
  @Test
  void imageNetsFlatValidationTakesItsLabelsFromALists() throws IOException {
    tree.images(
        "train/n01440764/n01440764_18.JPEG",
        "train/n02012849/n02012849_1.JPEG",
        "val/ILSVRC2012_val_00000001.JPEG",
        "val/ILSVRC2012_val_00000002.JPEG",
        "val/ILSVRC2012_val_00000003.JPEG");
    assertThat(Datasets.open(folder).notes().toString())
        .contains("3 pictures lie beside the folders of classes and are left out")
        .contains("unpack the development kit (ILSVRC2012_devkit_t12) or put LOC_val_solution.csv");
    List<String> expected =
        List.of(
            "train n01440764 train/n01440764/n01440764_18.JPEG",
            "train n02012849 train/n02012849/n02012849_1.JPEG",
            "validation n02012849 val/ILSVRC2012_val_00000001.JPEG",
            "validation n01440764 val/ILSVRC2012_val_00000002.JPEG",
            "validation n02012849 val/ILSVRC2012_val_00000003.JPEG");
    Struct synsets = Mat5.newStruct(3, 1);
    String[] names = {"n02012849", "n01440764", "n00001740"};
    for (int i = 0; i < 3; i++) {
      synsets.set("ILSVRC2012_ID", i, Mat5.newScalar(i + 1));
      synsets.set("WNID", i, Mat5.newString(names[i]));
    }
    String kit = "ILSVRC2012_devkit_t12/data/";
    tree.text(kit + "ILSVRC2012_validation_ground_truth.txt", "1", "2", "1");
    Mat5.writeToFile(
        Mat5.newMatFile().addArray("synsets", synsets), folder.resolve(kit + "meta.mat").toFile());
    Dataset data = Datasets.open(folder);
    assertThat(DatasetTree.rows(data)).isEqualTo(expected);
    assertThat(data.notes()).noneMatch(note -> note.contains(" beside "));
    tree.text(kit + "ILSVRC2012_validation_ground_truth.txt", "1", "4", "1");
    refused(() -> Datasets.open(folder), "ground_truth.txt: line 2 has class 4, which ");
    tree.text(
        "LOC_val_solution.csv",
        "ImageId,PredictionString",
        "ILSVRC2012_val_00000002,n01440764 85 1 499 272 ",
        "ILSVRC2012_val_00000001,n02012849 1 2 3 4 n02012849 5 6 7 8",
        "ILSVRC2012_val_00000003,n02012849 1 2 3 4");
    assertThat(DatasetTree.rows(Datasets.open(folder))).isEqualTo(expected);
    tree.images("val/ILSVRC2012_val_00000009.JPEG");
    assertThat(Datasets.open(folder).notes().toString())
        .contains("1 picture lies beside", "their list does not have all of them");
  }

  private static byte[] idx(int magic, int[] sizes, int... bytes) {
    ByteBuffer file = ByteBuffer.allocate(4 + 4 * sizes.length + bytes.length).putInt(magic);
    IntStream.of(sizes).forEach(file::putInt);
    IntStream.of(bytes).forEach(value -> file.put((byte) value));
    return file.array();
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(bytes);
    }
    return packed.toByteArray();
  }

  @Test
  void digitsPlainOrPacked() throws IOException {
    byte[] images = idx(0x803, new int[] {2, 2, 3}, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255);
    byte[] labels = idx(0x801, new int[] {2}, 9, 0);
    tree.bytes("train-images-idx3-ubyte", images).bytes("train-labels-idx1-ubyte", labels);
    tree.bytes("t10k-images-idx3-ubyte.gz", gzip(images));
    tree.bytes("t10k-labels-idx1-ubyte.gz", gzip(labels));
    Dataset data = Datasets.open(folder);
    assertThat(data.formatName()).isEqualTo("mnist");
    assertThat(DatasetTree.rows(data))
        .containsExactly(
            "train 9 train-images-idx3-ubyte[0]",
            "train 0 train-images-idx3-ubyte[1]",
            "test 9 t10k-images-idx3-ubyte.gz[0]",
            "test 0 t10k-images-idx3-ubyte.gz[1]");
    byte[] picture = new byte[6];
    data.pixels().read(data.row(3), picture);
    assertThat(picture).containsExactly(6, 7, 8, 9, 10, -1);
    assertThat(data.pixels().width()).isEqualTo(3);
    assertThat(tree.read("fashion-mnist").classes().get(9)).isEqualTo("Ankle boot");

    byte[] more = Arrays.copyOf(images, images.length + 1);
    tree.bytes("t10k-images-idx3-ubyte.gz", gzip(more));
    refused(() -> tree.read("mnist"), "t10k-images-idx3-ubyte.gz: has more data");
    byte[] less = Arrays.copyOf(images, images.length - 1);
    tree.bytes("train-images-idx3-ubyte", less);
    refused(() -> tree.read("mnist"), "train-images-idx3-ubyte: is truncated");
    tree.bytes("train-images-idx3-ubyte", images);
    tree.bytes("train-labels-idx1-ubyte", idx(0x801, new int[] {2}, 9, 10));
    refused(() -> tree.read("mnist"), "has the label 10 at position 1");
    tree.bytes("train-labels-idx1-ubyte", idx(0x801, new int[] {1}, 9));
    refused(() -> tree.read("mnist"), "has 1 labels for 2 pictures");
  }

  private void make(String format) throws IOException {
    switch (format) {
      case "cub" -> cub();
      case "cars" -> cars(3, 1, 4, 2, 1);
      case "sop" -> sop("", "").text("Ebay_info.txt", EBAY, "1 1 1 bicycle_final/1.JPG");
      case "inshop" -> inshop("5");
      case "csv" ->
          tree.images("1.jpg", "2.jpg")
              .text(
                  "t.csv",
                  "label,path,split,is_query,x_1,y_1,x_2,y_2",
                  "a,1.jpg,test,1,0,0,5,9",
                  "\"b\",2.jpg,train,,,,,");
      case "cifar100" -> {
        tree.text("fine_label_names.txt", "apple", "beaver");
        tree.text("coarse_label_names.txt", "aquatic", "fruit");
        tree.bytes("train.bin", record(5, 1, 0)).bytes("test.bin", record(7, 0, 1));
      }
      default -> {
        for (String part : List.of("train", "t10k")) {
          byte[] images = idx(0x803, new int[] {2, 2, 2}, 0, 1, 2, 3, 4, 5, 6, 7);
          tree.bytes(part + "-images-idx3-ubyte", images);
          tree.bytes(part + "-labels-idx1-ubyte.gz", gzip(idx(0x801, new int[] {2}, 9, 0)));
        }
      }
    }
  }

  /** Whatever a disk or a transfer does to a list: it is read, or refused in a sentence. */
  @ParameterizedTest
  @ValueSource(strings = {"cub", "cars", "sop", "inshop", "csv", "cifar100", "mnist"})
  void damageIsNoFailure(String format) throws IOException {
    make(format);
    FileMutator mutator = new FileMutator(new Random(3));
    List<Path> files;
    try (Stream<Path> all = Files.walk(folder)) {
      files = all.filter(Files::isRegularFile).sorted().toList();
    }
    DatasetFormat reader = Datasets.create(format, Map.of());
    Path path = format.equals("csv") ? folder.resolve("t.csv") : folder;
    assertThat(Datasets.open(path, reader, false).size()).isPositive();
    for (Path file : files) {
      byte[] whole = Files.readAllBytes(file);
      for (int k = 0; k < 25 && whole.length > 0; k++) {
        Files.write(file, mutator.mutate(whole));
        try {
          assertThat(Datasets.open(path, reader, k % 2 == 0).size()).isPositive();
        } catch (InputException e) {
          assertThat(e).hasMessageNotContaining("\n").hasMessageContaining(folder.toString());
        }
      }
      Files.write(file, whole);
    }
  }
}
