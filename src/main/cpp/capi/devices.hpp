// The devices of this process: the processor, and what vicinal_device_open added.
#ifndef VICINAL_CAPI_DEVICES_HPP_
#define VICINAL_CAPI_DEVICES_HPP_

#include "core/device.h"

namespace vicinal::capi {

struct DeviceName {
  const DeviceTable* table;
  int ordinal;
};

// "cpu", "cuda" or "cuda:1"; an error that lists what there is.
DeviceName find_device(const char* name);

}  // namespace vicinal::capi

#endif  // VICINAL_CAPI_DEVICES_HPP_
