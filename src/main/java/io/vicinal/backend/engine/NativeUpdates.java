package io.vicinal.backend.engine;

import io.vicinal.backend.Update;
import io.vicinal.backend.jni.UpdateStruct;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The settings of an optimiser's step as native structures, which every call fills anew. For one
 * thread at a time. A {@code PointerScope} of the caller does not free them.
 */
final class NativeUpdates {
  private static final int FEW = 16;

  private UpdateStruct all;
  private ByteBuffer memory; // a field takes a nanosecond
  private int room;

  NativeUpdates() {
    make(FEW);
  }

  private void make(int count) {
    all = new UpdateStruct(count).retainReference();
    memory = all.limit(count).asByteBuffer();
    room = count;
  }

  UpdateStruct of(List<Update> updates) {
    if (updates.size() > room) {
      free();
      make(updates.size());
    }
    memory.clear();
    for (Update u : updates) { // the members of vicinal_update in their order
      memory.putLong(u.step()).putDouble(u.lr()).putDouble(u.weightDecay()).putDouble(u.eps());
      memory.putDouble(u.momentum()).putDouble(u.beta1()).putDouble(u.beta2());
      memory.putDouble(u.clip().value()).putDouble(u.clip().norm()).putLong(u.clip().set());
    }
    return all;
  }

  void free() {
    all.close();
  }
}
