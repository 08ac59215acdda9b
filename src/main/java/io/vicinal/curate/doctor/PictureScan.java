package io.vicinal.curate.doctor;

import io.vicinal.CancelledException;
import io.vicinal.InputException;
import io.vicinal.data.image.ImageDecoder;
import io.vicinal.data.image.ImageMeasures;
import io.vicinal.data.image.ImageSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/**
 * Every picture read and decoded once, on several threads; of each stay some 1000 bytes. Pixels of
 * pictures that are being looked at take at most a third of Java's memory together. Immutable as
 * long as nobody writes to its arrays.
 *
 * @param measures by sample; null for pictures that cannot be read
 * @param why they cannot, in words that follow the name; null for those that can
 */
record PictureScan(ImageMeasures[] measures, String[] why) {
  private static final int POLL_MILLIS = 200;
  private static final int UNIT = 1 << 10; // bytes of a permit

  /**
   * Reads.
   *
   * @param progress is told on the calling thread how many are done
   * @throws CancelledException if the thread is interrupted; the flag stays set
   */
  static PictureScan of(ImageSource images, int threads, IntConsumer progress) {
    return new Work(images).run(threads, progress);
  }

  private static final class Work {
    private final ImageSource images;
    private final ImageMeasures[] measures;
    private final String[] why;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger done = new AtomicInteger();
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final int permits =
        (int) Math.min(1 << 30, Runtime.getRuntime().maxMemory() / 3 / UNIT);
    private final Semaphore memory = new Semaphore(permits, true);

    Work(ImageSource images) {
      this.images = images;
      measures = new ImageMeasures[images.size()];
      why = new String[images.size()];
    }

    PictureScan run(int threads, IntConsumer progress) {
      ExecutorService pool = Executors.newFixedThreadPool(threads);
      try {
        List<Future<?>> all = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
          all.add(pool.submit(this::work));
        }
        for (Future<?> one : all) {
          await(one, progress);
        }
        progress.accept(done.get());
      } finally {
        stopped.set(true);
        pool.shutdownNow();
      }
      return new PictureScan(measures, why);
    }

    private void await(Future<?> one, IntConsumer progress) {
      while (true) {
        try {
          one.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
          return;
        } catch (TimeoutException e) {
          progress.accept(done.get());
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new CancelledException("looking at pictures");
        } catch (ExecutionException e) {
          if (e.getCause() instanceof RuntimeException problem) {
            throw problem;
          }
          throw new IllegalStateException(e.getCause());
        }
      }
    }

    private void work() {
      try (ImageDecoder decoder = new ImageDecoder()) {
        for (int i = next.getAndIncrement();
            i < measures.length && !stopped.get();
            i = next.getAndIncrement()) {
          look(i, decoder);
          done.incrementAndGet();
        }
      }
    }

    private void look(int sample, ImageDecoder decoder) {
      try {
        measures[sample] = images.read(sample, decoder, this::measured);
      } catch (InputException e) {
        // the cause says what is wrong, the sentence which file and what to do as well
        why[sample] =
            e.getCause() instanceof InputException what ? what.getMessage() : said(e, sample);
      } catch (OutOfMemoryError e) {
        why[sample] = "is larger than Java's memory; give it more with JAVA_TOOL_OPTIONS=-Xmx4g";
      }
    }

    private String said(InputException e, int sample) {
      String file = images.path(sample) + ": ";
      return e.getMessage().startsWith(file)
          ? e.getMessage().substring(file.length())
          : e.getMessage();
    }

    private ImageMeasures measured(ImageDecoder decoder) {
      long bytes = ImageMeasures.pixelBytes(decoder.header());
      boolean whole = bytes <= (long) permits * UNIT && bytes < Integer.MAX_VALUE - 8;
      int taken = whole ? (int) (bytes / UNIT) : 0;
      memory.acquireUninterruptibly(taken);
      try {
        return ImageMeasures.of(decoder, whole);
      } finally {
        memory.release(taken);
      }
    }
  }
}
