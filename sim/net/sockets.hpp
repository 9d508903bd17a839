// What a stack holds once a program has opened something.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "datagram.hpp"
#include "flat_index.hpp"
#include "masqsim/base/random.hpp"
#include "packet.hpp"
#include "tcp.hpp"
#include "tcp_segment_handler.hpp"
#include "trouble.hpp"

namespace masqsim::net {

/// "tcp:80": who takes a packet, for the record of its delivery.
std::string program_name(wire::Protocol protocol, std::uint16_t port);

struct Listener {
  std::uint16_t port;
  TcpAcceptor* acceptor;
  TcpSettings settings;
};

/// The sockets, listeners and connections of one node.
struct Sockets {
  Sockets(Random chance, std::uint64_t secret) : random(std::move(chance)), sequence_secret(secret) {}

  static std::uint64_t key(wire::Protocol protocol, std::uint16_t port) {
    return std::uint64_t{static_cast<std::uint8_t>(protocol)} << 16 | port;
  }
  static std::uint64_t key(wire::Endpoint local, wire::Endpoint remote) {
    return std::uint64_t{remote.address.value} << 32 | std::uint64_t{remote.port} << 16 | local.port;
  }
  TcpConnection* connection(wire::Endpoint local, wire::Endpoint remote) const {
    return by_tuple.find(key(local, remote),
                         [&](const TcpConnection& c) { return c.local().address == local.address; });
  }

  /// Who takes a datagram of `remote` to `port`: the socket that talks to it, else the one that talks to anybody.
  DatagramSocket* udp(std::uint16_t port, wire::Endpoint remote) const {
    DatagramSocket* anybodys = nullptr;
    DatagramSocket* own = by_port.find(key(wire::Protocol::udp, port), [&](DatagramSocket& one) {
      if (one.remote().address.is_zero()) anybodys = &one;
      return one.remote() == remote;
    });
    return own ? own : anybodys;
  }
  /// Who sent the datagram that an ICMP error quotes.
  DatagramSocket* asker(const wire::Tuple& about) const {
    if (about.protocol == wire::Protocol::udp) return udp(about.source.port, about.destination);
    DatagramSocket* socket = by_port.find(key(about.protocol, about.source.port));
    const bool to_it =
        socket && (socket->remote().address.is_zero() || socket->remote().address == about.destination.address);
    return to_it ? socket : nullptr;
  }

  /// Who answers TCP segments to `port` in this stack's place, nullptr for nobody.
  TcpSegmentHandler* other_tcp(std::uint16_t port) const {
    return segment_handler && segment_handler->serves(port) ? segment_handler : nullptr;
  }

  /// A free place for a connection. One that ended at this very moment may still be on the call stack, so it rests.
  struct Resting {
    std::uint32_t index;
    Time since;
  };

  /// Of the node's own doing: a packet to itself, or (empty packet) the trouble that one of its packets met.
  struct Later {
    Packet packet;
    Trouble trouble;
    std::uint32_t word = 0;  // see Stack::tell_program
  };

  Random random;
  std::uint64_t sequence_secret;  // of RFC 6528, for the host's initial sequence numbers
  std::deque<Later> later;
  std::uint16_t next_port = 0;  // 0: none picked yet
  FlatIndex<DatagramSocket> by_port;
  std::vector<std::unique_ptr<DatagramSocket>> datagram_sockets;
  FlatIndex<Listener> listeners;
  std::vector<std::unique_ptr<Listener>> listening;
  TcpSegmentHandler* segment_handler = nullptr;
  FlatIndex<TcpConnection> by_tuple;
  std::vector<std::unique_ptr<TcpConnection>> connections;
  std::vector<Resting> resting;  // oldest first from `rested`
  std::size_t rested = 0;
  std::map<wire::Address, std::uint16_t> path_mtus;  // learned from ICMP 3/4
};

}  // namespace masqsim::net
