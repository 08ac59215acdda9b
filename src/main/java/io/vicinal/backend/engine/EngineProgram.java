package io.vicinal.backend.engine;

import io.vicinal.backend.CompiledProgram;
import io.vicinal.backend.jni.ArrayStruct;
import io.vicinal.backend.jni.ProgramHandle;
import io.vicinal.backend.jni.Vicinal;
import io.vicinal.tensor.DType;
import io.vicinal.tensor.Shape;
import io.vicinal.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.bytedeco.javacpp.BytePointer;

/** A native program. Calls share it, a close waits for them. */
final class EngineProgram implements CompiledProgram {
  private final EnginePool pool;
  private final List<String> inputNames;
  private final List<String> outputNames;
  private final ProgramHandle handle = new ProgramHandle();
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();

  EngineProgram(EnginePool pool, String text, List<String> inputNames, List<String> outputNames) {
    this.pool = pool;
    this.inputNames = List.copyOf(inputNames);
    this.outputNames = List.copyOf(outputNames);
    try (BytePointer lines = new BytePointer(text, StandardCharsets.UTF_8)) {
      pool.run("program", engine -> Vicinal.vicinal_program_create(lines, handle));
    }
  }

  @Override
  public Needs needs(List<Tensor> inputs) {
    lock.readLock().lock();
    try (ArrayStruct outputs = new ArrayStruct(outputNames.size())) {
      checkOpen();
      long[] bytes = new long[1];
      pool.run(
          "program",
          engine ->
              Vicinal.vicinal_program_shapes(
                  handle,
                  inputs.size(),
                  engine.arrays(inputNames, inputs, outputNames.size()),
                  outputNames.size(),
                  outputs,
                  bytes));
      List<Form> forms = new ArrayList<>();
      for (int i = 0; i < outputNames.size(); i++) {
        ArrayStruct output = outputs.getPointer(i);
        long[] sizes = new long[output.ndim()];
        for (int k = 0; k < sizes.length; k++) {
          sizes[k] = output.shape(k);
        }
        DType type =
            output.dtype() == Vicinal.VICINAL_F32
                ? DType.F32
                : output.dtype() == Vicinal.VICINAL_F64 ? DType.F64 : DType.I64;
        forms.add(new Form(type, Shape.of(sizes)));
      }
      return new Needs(forms, bytes[0]);
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public void run(List<Tensor> inputs, List<Tensor> outputs) {
    lock.readLock().lock();
    try {
      checkOpen();
      pool.run(
          "program",
          engine -> {
            ArrayStruct in = engine.arrays(inputNames, inputs, outputs.size());
            return Vicinal.vicinal_program_run(
                engine.handle(),
                handle,
                inputs.size(),
                in,
                outputs.size(),
                engine.arrays(outputNames, outputs, 0));
          });
    } finally {
      lock.readLock().unlock();
    }
  }

  private void checkOpen() {
    if (handle.isNull()) {
      throw new IllegalStateException("this program is closed");
    }
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      Vicinal.vicinal_program_destroy(handle);
      handle.setNull();
    } finally {
      lock.writeLock().unlock();
    }
  }
}
