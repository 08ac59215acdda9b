package io.vicinal.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.vicinal.CancelledException;
import io.vicinal.Patience;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(Patience.SECONDS)
class TurnsTest {
  private final Turns turns = new Turns(8); // two processors

  private static void until(java.util.function.BooleanSupplier condition)
      throws InterruptedException {
    while (!condition.getAsBoolean()) {
      Thread.sleep(1); // which the timeout interrupts
    }
  }

  @Test
  void fourCallsWithAllThreadsThenAQueueInOrder() throws InterruptedException {
    List<Turns.Turn> taken = new ArrayList<>();
    for (int i = 0; i < Turns.CALLS; i++) {
      taken.add(turns.take("call", 0));
    }
    List<Integer> order = Collections.synchronizedList(new ArrayList<>());
    List<Thread> waiting = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      int number = i;
      Thread thread =
          new Thread(
              () -> {
                Turns.Turn turn = turns.take("call", 8); // alone, so the order is seen
                order.add(number);
                turn.close();
              });
      thread.start();
      waiting.add(thread);
      until(() -> turns.waiting() == number + 1);
    }
    assertThat(order).isEmpty();
    taken.forEach(Turns.Turn::close);
    for (Thread thread : waiting) {
      thread.join();
    }
    assertThat(order).containsExactly(0, 1, 2, 3, 4);
  }

  @Test
  void moreThreadsThanThereAreTakeAll() {
    Turns.Turn turn = turns.take("call", 4096);
    turn.close();
    List<Turns.Turn> single = new ArrayList<>();
    for (int i = 0; i < turns.capacity(); i++) {
      single.add(turns.take("call", 1));
    }
    single.forEach(Turns.Turn::close);
  }

  @Test
  void anInterruptEndsTheWait() throws InterruptedException {
    Turns.Turn all = turns.take("call", 8);
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    AtomicReference<Boolean> flag = new AtomicReference<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                turns.take("loss", 1).close();
              } catch (CancelledException e) {
                thrown.set(e);
                flag.set(Thread.currentThread().isInterrupted());
              }
            });
    thread.start();
    until(() -> turns.waiting() == 1);
    thread.interrupt();
    thread.join();
    assertThat(thrown.get()).isInstanceOf(CancelledException.class).hasMessageContaining("loss");
    assertThat(flag.get()).isTrue();
    all.close();
    turns.take("call", 8).close(); // nothing was lost
  }
}
