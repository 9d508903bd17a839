#include "alg_ftp.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "masqsim/wire/checksum.hpp"
#include "sim/wire/sequence.hpp"

namespace masqsim::nat {

namespace {

using wire::after;

constexpr Duration expectation_life = 300_s;
constexpr std::uint32_t ports_tried = 128;

constexpr std::size_t number(Direction d) { return static_cast<std::size_t>(d); }

enum class Form : std::uint8_t { port, eprt, pasv, epsv };

/// What an announcement says, and which bytes of the segment say it.
struct Announcement {
  Form form{};
  std::size_t at = 0;
  std::size_t length = 0;
  std::optional<std::uint32_t> address;  ///< nothing: that of the connection
  std::uint16_t port = 0;
};

enum class Read : std::uint8_t { nothing, half, found };

struct Command {
  Form form;
  Direction direction;
  std::string_view word;
  char skip;  ///< the number begins behind this character; 0: with the first digit
  char end;   ///< it ends before this one; 0: before whatever is no part of it
};
constexpr std::array commands{Command{Form::port, Direction::original, "PORT", ' ', '\r'},
                              Command{Form::eprt, Direction::original, "EPRT", ' ', '\r'},
                              Command{Form::pasv, Direction::reply, "227 ", 0, 0},
                              Command{Form::epsv, Direction::reply, "229 ", '(', ')'}};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return upper(x) == upper(y); });
}

/// Numbers with `separator` between them, however large; their length up to `end` (0: whatever else), 0 if they are not
/// as many as wanted.
std::size_t read_numbers(std::string_view text, char separator, char end, std::span<std::uint32_t> numbers) {
  std::size_t n = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (is_digit(c)) {
      numbers[n] = numbers[n] * 10 + static_cast<std::uint32_t>(c - '0');
    } else if (c == separator) {
      if (++n == numbers.size()) return 0;
    } else {
      return (end == 0 || c == end) && n + 1 == numbers.size() ? at : 0;
    }
  }
  return 0;
}

std::uint32_t address_of(std::span<const std::uint32_t> octets) {
  return octets[0] << 24 | octets[1] << 16 | octets[2] << 8 | octets[3];
}

/// "192,168,1,10,7,208" (RFC 959 section 4.1.2).
std::size_t read_six(std::string_view text, char end, Announcement& a) {
  std::array<std::uint32_t, 6> numbers{};
  const std::size_t length = read_numbers(text, ',', end, numbers);
  a.address = address_of(numbers);
  a.port = static_cast<std::uint16_t>(numbers[4] << 8 | numbers[5]);
  return length;
}

/// A port up to the next delimiter, of a larger number the lower 16 bits; the place behind that, 0 if there is none.
std::size_t read_port(std::string_view text, std::size_t at, char delimiter, std::uint16_t& port) {
  port = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) port = static_cast<std::uint16_t>(port * 10 + (text[at] - '0'));
  return at < text.size() && text[at] == delimiter && port != 0 ? at + 1 : 0;
}

bool is_delimiter(char c) { return c > 32 && c < 127 && !is_digit(c); }

/// "|1|192.168.1.10|2000|" (RFC 2428 section 2).
std::size_t read_eprt(std::string_view text, Announcement& a) {
  if (text.size() < 4 || !is_delimiter(text[0]) || text[1] != '1' || text[2] != text[0]) return 0;
  std::array<std::uint32_t, 4> octets{};
  const std::size_t length = read_numbers(text.substr(3), '.', text[0], octets);
  if (length == 0) return 0;
  a.address = address_of(octets);
  return read_port(text, 3 + length + 1, text[0], a.port);
}

/// "|||2000|" (RFC 2428 section 3).
std::size_t read_epsv(std::string_view text, Announcement& a) {
  if (text.size() <= 3 || !is_delimiter(text[0]) || text[1] != text[0] || text[2] != text[0]) return 0;
  return read_port(text, 3, text[0], a.port);
}

Read read_command(const Command& command, std::string_view text, Announcement& a) {
  if (text.size() <= command.word.size()) {
    return same_word(text, command.word.substr(0, text.size())) ? Read::half : Read::nothing;
  }
  if (!same_word(text.substr(0, command.word.size()), command.word)) return Read::nothing;
  std::size_t at = command.word.size();
  while (at < text.size() && (command.skip != 0 ? text[at] != command.skip : !is_digit(text[at]))) ++at;
  if (command.skip != 0) ++at;
  if (at >= text.size()) return Read::half;
  a.form = command.form;
  a.at = at;
  const std::string_view rest = text.substr(at);
  switch (command.form) {
    case Form::port:
    case Form::pasv: a.length = read_six(rest, command.end, a); break;
    case Form::eprt: a.length = read_eprt(rest, a); break;
    case Form::epsv: a.length = read_epsv(rest, a); break;
  }
  return a.length == 0 ? Read::half : Read::found;
}

Read read_announcement(std::string_view text, Direction direction, Announcement& a) {
  for (const Command& command : commands) {
    if (command.direction != direction) continue;
    const Read read = read_command(command, text, a);
    if (read != Read::nothing) return read;
  }
  return Read::nothing;
}

std::string write(Form form, wire::Address address, std::uint16_t port) {
  if (form == Form::epsv) return "|||" + std::to_string(port) + '|';
  if (form == Form::eprt) return "|1|" + to_string(address) + '|' + std::to_string(port) + '|';
  std::string text = to_string(address);
  std::replace(text.begin(), text.end(), '.', ',');
  return text + ',' + std::to_string(port >> 8) + ',' + std::to_string(port & 0xff);
}

/// Replaces bytes of the payload; lengths and both checksums are made anew. False if there is no room.
bool replace(wire::Buffer& buffer, std::size_t at, std::size_t length, std::string_view text) {
  const std::size_t size = buffer.size - length + text.size();
  if (size > buffer.room || size > 65535) return false;
  std::memmove(buffer.data + at + text.size(), buffer.data + at + length, buffer.size - at - length);
  std::memcpy(buffer.data + at, text.data(), text.size());
  buffer.size = static_cast<std::uint32_t>(size);
  wire::store16(buffer.data + 2, static_cast<std::uint16_t>(size));
  wire::Ipv4Edit::parse(buffer.bytes())->fix_sum();
  FtpHelper::recompute_checksum(buffer);
  return true;
}

}  // namespace

void FtpHelper::recompute_checksum(wire::Buffer& buffer) {
  const wire::Ipv4Edit ip = *wire::Ipv4Edit::parse(buffer.bytes());
  const wire::TcpEdit tcp = *wire::TcpEdit::parse(ip.payload());
  tcp.set_sum(0);
  tcp.set_sum(wire::udp_sum(wire::pseudo_checksum(ip.source(), ip.destination(), ip.protocol(), ip.payload())));
}

void FtpHelper::end(std::uint32_t index) {
  if (sessions_.erase(index) == 0) return;
  std::erase_if(expected_, [&](const auto& entry) { return entry.second.master == index; });
}

bool FtpHelper::at_line_start(const Session& s, Direction d, std::uint32_t sequence) {
  for (int n = 0; n < s.line_count[number(d)]; ++n) {
    if (s.line_ends[number(d)][n] == sequence) return true;
  }
  return false;
}

void FtpHelper::note_line_end(Session& s, Direction d, std::uint32_t sequence) {
  if (at_line_start(s, d, sequence)) return;
  int& count = s.line_count[number(d)];
  auto& ends = s.line_ends[number(d)];
  if (count < 2) {
    ends[count++] = sequence;
    return;
  }
  std::uint32_t& oldest = after(ends[1], ends[0]) ? ends[0] : ends[1];
  if (after(sequence, oldest)) oldest = sequence;
}

FtpHelper::Fate FtpHelper::read(wire::Buffer& buffer, Table& table, Random& random, std::uint32_t index,
                                Direction direction, Time now) {
  const auto session = sessions_.find(index);
  const wire::Ipv4Edit ip = *wire::Ipv4Edit::parse(buffer.bytes());
  const std::optional<wire::TcpEdit> tcp = wire::TcpEdit::parse(ip.payload());
  if (session == sessions_.end() || !tcp || tcp->payload().empty()) return Fate::kept;
  Session& s = session->second;
  const wire::ByteView data = tcp->payload();
  const std::string_view text(reinterpret_cast<const char*>(data.data()), data.size());
  const std::uint32_t sequence = tcp->sequence();
  const std::uint32_t end = sequence + static_cast<std::uint32_t>(data.size());
  const bool ends_line = text.back() == '\n';

  Announcement a;
  const Read found = at_line_start(s, direction, sequence) ? read_announcement(text, direction, a) : Read::nothing;
  if (found == Read::half) return Fate::dropped;
  if (ends_line) note_line_end(s, direction, end);
  if (found == Read::nothing) return Fate::kept;

  Flow& flow = table[index];
  const Key& own = flow.key(direction);
  const Key& back = flow.key(opposite(direction));
  // Somebody else's address is not announced to the world (the FTP bounce attack).
  if (a.address.value_or(own.source) != own.source) return Fate::kept;
  Expectation e{back.source, {{back.destination}, a.port}, index, opposite(direction), a.port, now + expectation_life};
  if (!expect(e, flow.any(status::nat_mask), random, now)) return Fate::dropped;
  if (!flow.any(status::nat_mask)) return Fate::kept;
  const std::string said = write(a.form, e.destination.address, e.destination.port);
  if (!replace(buffer, ip.header_length() + tcp->header_length() + a.at, a.length, said)) {
    expected_.erase({e.destination, e.source});
    return Fate::dropped;
  }
  if (said.size() != a.length) {
    flow.set(status::adjusts_sequence);
    shift(s, direction, sequence, static_cast<std::int32_t>(said.size()) - static_cast<std::int32_t>(a.length));
  }
  return Fate::rewritten;
}

/// One announcement a connection at a time, a new one in place of the old; a port that another connection expects gives
/// way to a random higher one, where it `may_move`. Port 0 is expected, but cannot be announced anew.
bool FtpHelper::expect(Expectation& e, bool may_move, Random& random, Time now) {
  std::erase_if(expected_, [&](const auto& entry) { return entry.second.until <= now; });
  const auto others = [&] {
    const auto there = expected_.find({e.destination, e.source});
    return there != expected_.end() && there->second.master != e.master;
  };
  const std::uint32_t range = may_move ? 65535u - e.port : 0;
  for (std::uint32_t left = std::min(range, ports_tried); others(); --left) {
    if (left == 0) return false;
    e.destination.port = static_cast<std::uint16_t>(e.port + random.below(range));
  }
  std::erase_if(expected_, [&](const auto& entry) { return entry.second.master == e.master; });
  expected_.emplace(Place{e.destination, e.source}, e);
  return !may_move || e.destination.port != 0;
}

std::optional<Expectation> FtpHelper::fulfil(const Key& key, Time now) {
  const auto found = expected_.find({{{key.destination}, key.destination_port}, key.source});
  if (found == expected_.end()) return std::nullopt;
  const Expectation e = found->second;
  expected_.erase(found);
  return e.until > now ? std::optional(e) : std::nullopt;
}

void FtpHelper::shift(Session& s, Direction d, std::uint32_t sequence, std::int32_t by) {
  Shift& shift = s.shifts[number(d)];
  if (shift.before != shift.after && !after(sequence, shift.position)) return;
  shift = {sequence, shift.after, shift.after + by};
}

std::int32_t FtpHelper::offset(std::uint32_t index, Direction direction, std::uint32_t sequence) const {
  const auto session = sessions_.find(index);
  if (session == sessions_.end()) return 0;
  const Shift& shift = session->second.shifts[number(direction)];
  return after(sequence, shift.position) ? shift.after : shift.before;
}

bool FtpHelper::adjust(wire::ByteEdit segment, std::uint32_t index, Direction direction) const {
  const auto session = sessions_.find(index);
  if (session == sessions_.end()) return true;
  if (segment.size() < wire::TcpEdit::header_size) return false;
  const auto replace32 = [&](std::uint8_t* at, std::uint32_t value) {
    std::uint8_t* const sum = &segment[16];
    wire::store16(sum, wire::adjust32(wire::load16(sum), wire::load32(at), value));
    wire::store32(at, value);
  };
  const std::uint32_t sequence = wire::load32(&segment[4]);
  replace32(&segment[4], sequence + static_cast<std::uint32_t>(offset(index, direction, sequence)));
  if (!wire::TcpFlags{segment[13]}.any(wire::TcpFlags::ack)) return true;
  const Shift& other = session->second.shifts[number(opposite(direction))];
  const auto back = [&](std::uint32_t acknowledged) {
    const bool beyond = after(acknowledged - static_cast<std::uint32_t>(other.before), other.position);
    return acknowledged - static_cast<std::uint32_t>(beyond ? other.after : other.before);
  };
  replace32(&segment[8], back(wire::load32(&segment[8])));
  // SACK blocks acknowledge, too (RFC 2018).
  const std::size_t header = (segment[12] >> 4) * 4u;
  if (header > segment.size()) return false;
  wire::ByteEdit options =
      segment.first(std::max(header, wire::TcpEdit::header_size)).subspan(wire::TcpEdit::header_size);
  while (!options.empty() && options[0] != 0) {
    if (options[0] == 1) {
      options = options.subspan(1);
      continue;
    }
    if (options.size() < 2 || options[1] < 2 || options[1] > options.size()) return false;
    if (options[0] == 5 && options[1] % 8 == 2) {  // as Linux: its repair of the sum is wrong for odd places
      for (std::size_t at = 2; at < options[1]; at += 4) replace32(&options[at], back(wire::load32(&options[at])));
    }
    options = options.subspan(options[1]);
  }
  return true;
}

}  // namespace masqsim::nat
