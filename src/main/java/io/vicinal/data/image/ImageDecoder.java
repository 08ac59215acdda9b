package io.vicinal.data.image;

import io.vicinal.backend.jni.ImageHeaderStruct;
import io.vicinal.backend.jni.ImageLibrary;
import io.vicinal.backend.jni.ImageViewStruct;
import io.vicinal.backend.jni.Vicinal;
import io.vicinal.backend.jni.VicinalImage;
import io.vicinal.data.image.ImageView.Box;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * The native decoder with the memory of one thread at a time. It holds one encoded picture, which
 * an {@link ImageSource} puts there; what it says against it names no file, which the source does.
 * Not for several threads at once.
 */
public final class ImageDecoder implements AutoCloseable {
  /**
   * Pixels of the largest picture that is decoded, as Pillow's limit: a file of a few bytes may
   * claim any number.
   */
  public static final long MOST_PIXELS = 178_956_970;

  private final ImageHeaderStruct header;
  private final ImageViewStruct view;
  private final At bytes;
  private BytePointer own;
  private long size;
  private float[] mixed = {}; // [height, width, 3]
  private float[] apart = {}; // [3, height, width]

  /** An address for the binding; owns nothing. */
  private static final class At extends BytePointer {
    At() {
      super((Pointer) null);
    }

    void set(long to) {
      address = to;
    }
  }

  private static final class Floats extends FloatPointer {
    Floats(long address) {
      super((Pointer) null);
      this.address = address;
    }
  }

  /**
   * Loads the native library.
   *
   * @throws io.vicinal.InputException one sentence, when this machine cannot load it
   */
  public ImageDecoder() {
    ImageLibrary.load();
    header = new ImageHeaderStruct();
    view = new ImageViewStruct();
    bytes = new At();
    own = new BytePointer(64L << 10);
  }

  /** Copies an encoded picture. */
  public void set(byte[] file, int length) {
    room(length).put(file, 0, length);
  }

  /** Memory for an encoded picture, which the caller fills before anything else is asked. */
  ByteBuffer room(int length) {
    if (own.capacity() < length) {
      size = 0;
      own.close();
      own = new BytePointer(0L); // stays where there is no memory for more
      own = new BytePointer(Math.min(2L * length, Integer.MAX_VALUE - 8));
    }
    bytes.set(own.address());
    size = length;
    return own.position(0).limit(length).asByteBuffer();
  }

  /** A copy of the encoded picture. */
  byte[] file() {
    byte[] copy = new byte[(int) size];
    bytes.get(copy);
    return copy;
  }

  /** Encoded bytes. */
  public long size() {
    return size;
  }

  /**
   * Format, size and orientation; no pixel is decoded.
   *
   * @throws io.vicinal.InputException if this is no picture, in words that follow its name
   */
  public ImageHeader header() {
    check(VicinalImage.vicinal_image_read_header(bytes, size, header));
    return new ImageHeader(
        ImageHeader.Format.values()[header.format() - 1],
        header.width(),
        header.height(),
        header.orientation());
  }

  /**
   * RGB bytes [height, width, 3] of a look.
   *
   * @throws io.vicinal.InputException if it cannot be decoded, in words that follow its name
   */
  public byte[] pixels(ImageView look) {
    ImageHeader stored = header();
    if ((long) stored.width() * stored.height() > MOST_PIXELS) { // before there is room for it
      throw new UnreadablePictureException(
          "has "
              + stored.width()
              + " x "
              + stored.height()
              + " pixels, more than the "
              + MOST_PIXELS
              + " that are allowed");
    }
    fill(look, PixelScale.named("unit"));
    long count = 3L * look.width() * look.height();
    if (look.width() < 1 || look.height() < 1 || count > Integer.MAX_VALUE - 8) {
      throw new UnreadablePictureException(
          "cannot be made " + look.width() + " x " + look.height() + " pixels large");
    }
    byte[] pixels = new byte[(int) count];
    check(VicinalImage.vicinal_image_render(bytes, size, view, pixels, (float[]) null));
    return pixels;
  }

  /**
   * The numbers of a look, written at an address: [height, width, 3], or, as planes, [3, height,
   * width].
   */
  void values(ImageView look, PixelScale scale, boolean planes, long address) {
    fill(look, scale);
    Floats target = new Floats(address);
    if (!planes) {
      check(VicinalImage.vicinal_image_render(bytes, size, view, (BytePointer) null, target));
      return;
    }
    int places = look.width() * look.height();
    if (mixed.length < 3 * places) {
      mixed = new float[3 * places];
      apart = new float[3 * places];
    }
    check(VicinalImage.vicinal_image_render(bytes, size, view, (byte[]) null, mixed));
    for (int c = 0; c < 3; c++) {
      int first = c * places;
      for (int p = 0; p < places; p++) {
        apart[first + p] = mixed[3 * p + c];
      }
    }
    target.put(apart, 0, 3 * places);
  }

  private void fill(ImageView look, PixelScale scale) {
    Box part = look.part();
    Box crop = look.crop();
    view.struct_size(Pointer.sizeof(ImageViewStruct.class))
        .upright(1)
        .most_pixels(MOST_PIXELS)
        .left(part.left())
        .top(part.top())
        .width(part.width())
        .height(part.height())
        .resized_width(look.resizedWidth())
        .resized_height(look.resizedHeight())
        .filter(look.filter().ordinal() + 1)
        .crop_left(crop.left())
        .crop_top(crop.top())
        .out_width(crop.width())
        .out_height(crop.height())
        .flip(look.flip() ? 1 : 0)
        .step_count(look.steps().size())
        .reverse(scale.bgr() ? 1 : 0);
    for (int i = 0; i < look.steps().size(); i++) {
      view.steps(i, look.steps().get(i).colour().ordinal() + 1);
      view.amounts(i, look.steps().get(i).amount());
    }
    for (int c = 0; c < 3; c++) {
      view.scale(c, scale.factor(c));
      view.shift(c, scale.shift(c, look.light()));
    }
  }

  /** So many numbers at an address, whose memory the caller keeps. */
  static FloatBuffer direct(long address, long count) {
    At at = new At();
    at.set(address);
    at.capacity(4 * count);
    return at.asByteBuffer().asFloatBuffer();
  }

  private static void check(int status) {
    if (status != Vicinal.VICINAL_OK) {
      throw new UnreadablePictureException(
          VicinalImage.vicinal_image_last_error().getString(StandardCharsets.UTF_8));
    }
  }

  /** Frees the memory. */
  @Override
  public void close() {
    own.close();
    header.close();
    view.close();
    size = 0;
  }
}
