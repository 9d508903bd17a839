// Any bytes as a capture: packets or one error.
#include "masqsim/trace/capture.hpp"
#include "masqsim/wire/describe.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const masqsim::trace::Capture capture = masqsim::trace::parse_capture({data, size}, "fuzz");
    for (const masqsim::trace::CapturedPacket& packet : capture.packets) (void)masqsim::wire::describe(packet.bytes);
  } catch (const masqsim::trace::ReadError&) {
  }
  return 0;
}
