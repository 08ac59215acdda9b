package io.vicinal.backend.cuda;

import io.vicinal.backend.Backend;
import io.vicinal.backend.BackendOptions;
import io.vicinal.backend.BackendProvider;
import io.vicinal.backend.engine.EngineBackend;

/** "cuda" and "cuda:N". Stateless, safe for any thread. */
public final class CudaProvider implements BackendProvider {
  @Override
  public boolean knows(String device) {
    return device.equals("cuda") || device.startsWith("cuda:");
  }

  @Override
  public Backend open(String device, BackendOptions options) {
    return new EngineBackend(CudaDevice.memory(device), options);
  }
}
