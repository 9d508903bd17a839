// Sockets for single datagrams: UDP (RFC 768), and ICMP queries by their id (as Linux's ping sockets).
#pragma once

#include <cstdint>
#include <optional>

#include "masqsim/wire/address.hpp"
#include "masqsim/wire/bytes.hpp"
#include "packet.hpp"
#include "trouble.hpp"

namespace masqsim::net {

class DatagramSocket;
class Stack;

/// One that came. Valid during the call that brings it.
struct Datagram {
  wire::Endpoint from;  ///< ICMP: the port is the query id
  wire::Endpoint to;
  wire::ByteView data;
  std::uint16_t sequence = 0;  ///< of an echo reply
  const Packet& packet;        ///< whole, for its TTL, flow and id
};

class DatagramHandler {
 public:
  virtual void on_datagram(DatagramSocket& socket, const Datagram& datagram) = 0;
  virtual void on_trouble(DatagramSocket& socket, const Trouble& trouble) { (void)socket, (void)trouble; }

 protected:
  ~DatagramHandler() = default;
};

/// How to send. The defaults are Linux's: DF while the path carries the datagram whole, else it is fragmented here.
struct SendOptions {
  std::uint8_t ttl = 0;  ///< 0: the node's own
  std::uint8_t tos = 0;
  std::optional<bool> df;             ///< true: never fragmented, too big is an error; false: never DF
  InterfaceIndex out = no_interface;  ///< the interface that it must leave by, with the address it has there
};

class DatagramSocket {
 public:
  DatagramSocket(Stack& stack, wire::Protocol protocol, std::uint16_t port, DatagramHandler& handler,
                 trace::FlowId flow)
      : stack_(stack), handler_(handler), flow_(flow), port_(port), protocol_(protocol) {}

  std::uint16_t port() const { return port_; }
  wire::Protocol protocol() const { return protocol_; }
  wire::Endpoint remote() const { return remote_; }  ///< zero address: not connected

  /// From now on only this remote's datagrams are taken, and `send` goes there. The source address is fixed here, as
  /// the routes are now. ICMP: the port does not matter.
  void connect(wire::Endpoint remote);

  /// To the connected remote. ICMP: an echo request with this sequence number.
  void send(wire::ByteView data, const SendOptions& options = {}, std::uint16_t sequence = 0);
  /// To anybody, from the address that the route there asks for.
  void send_to(wire::Endpoint remote, wire::ByteView data, const SendOptions& options = {});
  /// Its program is done with it. Late datagrams still find it, until somebody asks for its port and remote.
  void lend() { lent_ = true; }
  /// Back to where `datagram` came from, from the address it was sent to; it belongs to the same flow (UDP only).
  void reply(const Datagram& datagram, wire::ByteView data);
  /// The same when the datagram itself is gone: it came from `from` to `to`, as part of `flow`, in packet `cause`.
  void reply_to(wire::Endpoint from, wire::Address to, wire::ByteView data, trace::FlowId flow, std::uint64_t cause);

 private:
  friend class Stack;

  Stack& stack_;
  DatagramHandler& handler_;
  wire::Endpoint remote_;  // zero address: not connected
  wire::Address source_;   // of a connected socket
  trace::FlowId flow_;
  std::uint16_t port_;
  std::uint16_t next_id_ = 0;  // IP id; only connected sockets count it (as Linux)
  wire::Protocol protocol_;
  bool lent_ = false;
};

}  // namespace masqsim::net
