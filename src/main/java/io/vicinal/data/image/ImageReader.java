package io.vicinal.data.image;

import io.vicinal.InputException;
import io.vicinal.tensor.Arena;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Makes batches of looks at pictures, ahead of who takes them, on threads of its own. The numbers
 * are the same whatever their number: everything random comes from {@link ImageDraws}. One {@link
 * Batches} at a time; the reader itself is not for several threads at once.
 */
public final class ImageReader implements AutoCloseable {
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final ImageSource source;
  private final ImageTransform transform;
  private final PixelScale scale;
  private final int threads;
  private final int ahead;
  private final boolean planes;
  private final ExecutorService workers;
  private final ThreadLocal<ImageDecoder> decoders;
  private final List<ImageDecoder> made = new ArrayList<>();
  private Batches current;
  private boolean closed;

  /**
   * @param source stays the caller's, who closes it after the reader
   * @param transform with pictures of one size
   * @param threads that decode
   * @param ahead batches that are made before they are asked for
   * @throws InputException if the transform gives pictures of different sizes
   */
  public ImageReader(
      ImageSource source, ImageTransform transform, PixelScale scale, int threads, int ahead) {
    this(source, transform, scale, threads, ahead, false);
  }

  /**
   * As the other, for networks that want channels first.
   *
   * @param planes whether batches are [B, 3, H, W]; else [B, H, W, 3]
   */
  public ImageReader(
      ImageSource source,
      ImageTransform transform,
      PixelScale scale,
      int threads,
      int ahead,
      boolean planes) {
    if (transform.size() == 0) {
      throw new InputException(
          "transform: gives pictures of different sizes, which make no batch; choose one with a"
              + " crop");
    }
    if (threads < 1 || ahead < 1) {
      throw new InputException(
          "threads, ahead: are " + threads + ", " + ahead + "; give 1 or more");
    }
    this.source = source;
    this.transform = transform;
    this.scale = scale;
    this.threads = threads;
    this.ahead = ahead;
    this.planes = planes;
    this.workers = Executors.newFixedThreadPool(threads, ImageReader::thread);
    this.decoders = ThreadLocal.withInitial(this::decoder);
    new ImageDecoder().close(); // where the library cannot be loaded, now is the time to say so
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "vicinal-images-" + COUNT.incrementAndGet());
    thread.setDaemon(true);
    return thread;
  }

  private ImageDecoder decoder() {
    ImageDecoder decoder = new ImageDecoder();
    synchronized (made) {
      made.add(decoder);
    }
    return decoder;
  }

  /**
   * The batches of one epoch; those before end.
   *
   * @param order the samples of each batch, taken from as batches are made
   */
  public Batches epoch(long seed, long epoch, Iterator<long[]> order) {
    return epoch(seed, epoch, 0, order);
  }

  /** As {@link #epoch(long, long, Iterator)}; another look draws other numbers. */
  public Batches epoch(long seed, long epoch, int look, Iterator<long[]> order) {
    if (closed) {
      throw new IllegalStateException("the reader is closed");
    }
    if (current != null) {
      current.close();
    }
    current = new Batches(seed, epoch, look, order);
    return current;
  }

  /** Ends the batches and the threads, and frees their memory. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (current != null) {
      current.close();
    }
    workers.shutdown();
    boolean interrupted = false;
    while (true) {
      try {
        if (workers.awaitTermination(1, TimeUnit.MINUTES)) {
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    made.forEach(ImageDecoder::close);
  }

  /** A batch. Its tensor is the reader's until the next one is asked for. */
  public record ImageBatch(long[] samples, Tensor images) {
    /** The numbers where they lie, for a library that takes such a buffer; valid as the tensor. */
    public FloatBuffer direct() {
      return ImageDecoder.direct(images.address(), images.size());
    }
  }

  /** The batches of an epoch, in order. Not for several threads at once. */
  public final class Batches implements Iterator<ImageBatch>, AutoCloseable {
    private final long seed;
    private final long epoch;
    private final int look;
    private final Iterator<long[]> order;
    private final List<Slot> free = new ArrayList<>();
    private final List<Slot> filled = new ArrayList<>(); // in the order of batches
    private Slot lent;
    private volatile boolean ended;

    private Batches(long seed, long epoch, int look, Iterator<long[]> order) {
      this.seed = seed;
      this.epoch = epoch;
      this.look = look;
      this.order = order;
      for (int i = 0; i < ahead + 1; i++) {
        free.add(new Slot());
      }
      fill();
    }

    /** A tensor and who works on it. */
    private final class Slot {
      final Arena arena = Arena.host();
      long[] samples;
      Tensor images;
      List<Future<?>> work = List.of();
      int failedAt;
      RuntimeException failure;

      void start(long[] batch) {
        int side = transform.size();
        if (images == null || images.dim(0) < batch.length) {
          if (images != null) {
            arena.reset();
          }
          images =
              planes
                  ? arena.allocate(DType.F32, batch.length, 3, side, side)
                  : arena.allocate(DType.F32, batch.length, side, side, 3);
        }
        samples = batch;
        failure = null;
        AtomicInteger next = new AtomicInteger();
        work = new ArrayList<>();
        for (int t = 0; t < Math.min(threads, batch.length); t++) {
          work.add(workers.submit(() -> work(next)));
        }
      }

      private void work(AtomicInteger next) {
        long address = images.address();
        long bytes = images.byteSize() / images.dim(0);
        for (int i; (i = next.getAndIncrement()) < samples.length && !ended; ) {
          try {
            put(samples[i], address + i * bytes);
          } catch (RuntimeException | Error e) {
            failed(i, e instanceof RuntimeException r ? r : new IllegalStateException(e));
          }
        }
      }

      private void put(long sample, long address) {
        if (sample < 0 || sample >= source.size()) {
          throw new InputException(
              "sample " + sample + " does not exist: there are " + source.size() + " pictures");
        }
        source.read(
            (int) sample,
            decoders.get(),
            decoder -> {
              ImageHeader header = decoder.header();
              ImageDraws draws = new ImageDraws(seed, epoch, sample, look);
              ImageView view = transform.view(header.uprightWidth(), header.uprightHeight(), draws);
              decoder.values(view, scale, planes, address);
              return null;
            });
      }

      /** Of several failures the first sample's is told, whichever came first. */
      private synchronized void failed(int at, RuntimeException why) {
        if (failure == null || at < failedAt) {
          failure = why;
          failedAt = at;
        }
      }

      /** Waits for all of it, however often the thread is interrupted meanwhile. */
      void await() {
        boolean interrupted = false;
        for (Future<?> one : work) {
          while (true) {
            try {
              one.get();
              break;
            } catch (InterruptedException e) {
              interrupted = true;
              ended = true;
            } catch (java.util.concurrent.ExecutionException e) {
              throw new IllegalStateException(e.getCause());
            }
          }
        }
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }

    private void fill() {
      while (!free.isEmpty() && filled.size() < ahead && order.hasNext()) {
        long[] samples = order.next().clone(); // may throw, and then no slot has begun
        Slot slot = free.remove(free.size() - 1);
        filled.add(slot);
        slot.start(samples);
      }
    }

    @Override
    public boolean hasNext() {
      return !ended && !filled.isEmpty();
    }

    /**
     * @throws InputException one sentence that names the first picture of the batch that could not
     *     be read
     * @throws io.vicinal.CancelledException if the thread is interrupted; the flag stays set
     */
    @Override
    public ImageBatch next() {
      if (!hasNext()) {
        throw new NoSuchElementException("there is no batch left");
      }
      if (lent != null) {
        free.add(lent);
      }
      lent = filled.remove(0);
      fill();
      lent.await();
      if (ended) {
        close();
        throw new io.vicinal.CancelledException("reading pictures");
      }
      if (lent.failure != null) {
        RuntimeException failure = lent.failure;
        close();
        throw failure;
      }
      Tensor images = lent.images;
      int count = lent.samples.length;
      return new ImageBatch(lent.samples, images.dim(0) == count ? images : images.rows(0, count));
    }

    /** Waits for what is under way and frees the memory. */
    @Override
    public void close() {
      ended = true;
      List<Slot> all = new ArrayList<>(free);
      all.addAll(filled);
      if (lent != null) {
        all.add(lent);
      }
      filled.clear();
      free.clear();
      lent = null;
      all.forEach(Slot::await);
      all.forEach(slot -> slot.arena.close());
    }
  }
}
