package io.vicinal.backend.engine;

import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.backend.BackendProvider;
import io.vicinal.tensor.Device;
import io.vicinal.tensor.HostMemory;

/** "cpu". Stateless, safe for any thread. */
public final class ProcessorProvider implements BackendProvider {
  @Override
  public boolean knows(String device) {
    return device.equals(Device.CPU.name());
  }

  @Override
  public Backend open(String device, BackendOptions options) {
    return new EngineBackend(HostMemory.get(), options);
  }
}
