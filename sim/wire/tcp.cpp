#include "masqsim/wire/tcp.hpp"

#include <array>

namespace masqsim::wire {

std::string to_string(TcpFlags f) {
  struct Flag {
    std::uint8_t mask;
    const char* letter;
    const char* word;
  };
  static constexpr std::array<Flag, 7> flags{{{TcpFlags::syn, "S", "SYN"},
                                              {TcpFlags::fin, "F", "FIN"},
                                              {TcpFlags::rst, "R", "RST"},
                                              {TcpFlags::psh, "P", "PSH"},
                                              {TcpFlags::urg, "U", "URG"},
                                              {TcpFlags::ece, "E", "ECE"},
                                              {TcpFlags::cwr, "C", "CWR"}}};
  const auto others = static_cast<std::uint8_t>(f.bits & ~TcpFlags::ack);
  if (others == 0) return f.any(TcpFlags::ack) ? "ACK" : "none";
  std::string letters;
  std::string word;
  for (const Flag& flag : flags) {
    if (!f.any(flag.mask)) continue;
    letters += flag.letter;
    word = flag.word;
  }
  if (letters.size() > 1) return letters + (f.any(TcpFlags::ack) ? "+A" : "");
  if (!f.any(TcpFlags::ack)) return word;
  return (letters == "S" ? letters : word) + "+A";
}

TcpOptions read_options(TcpView segment) {
  TcpOptions found;
  ByteView left = segment.options();
  while (!left.empty() && left[0] != 0) {
    if (left[0] == 1) {
      left = left.subspan(1);
      continue;
    }
    if (left.size() < 2 || left[1] < 2 || left[1] > left.size()) break;
    const ByteView option = left.first(left[1]);
    if (option[0] == 2 && option.size() == 4) found.mss = load16(&option[2]);
    if (option[0] == 3 && option.size() == 3) found.window_scale = option[2] > 14 ? std::uint8_t{14} : option[2];
    if (option[0] == 4 && option.size() == 2) found.sack_permitted = true;
    if (option[0] == 8 && option.size() == 10) found.timestamps = {load32(&option[2]), load32(&option[6])};
    left = left.subspan(option.size());
  }
  return found;
}

}  // namespace masqsim::wire
