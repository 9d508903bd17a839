#include "programs.hpp"

#include "raw_packet.hpp"
#include "sim/app/ping.hpp"
#include "sim/app/tcp.hpp"
#include "sim/app/udp.hpp"
#include "sim/net/tcp.hpp"

namespace masqsim::scenario {

namespace {

std::unique_ptr<app::App> server(const Service& service, net::Stack& stack) {
  if (service.protocol == wire::Protocol::udp) {
    const app::UdpServerParams params{.port = service.port,
                                      .echo = service.echo,
                                      .reply = service.reply,
                                      .text = service.text,
                                      .after = service.after};
    return std::make_unique<app::UdpServer>(stack, params);
  }
  const app::TcpServerParams params{.port = service.port,
                                    .echo = service.echo,
                                    .reply = service.reply,
                                    .text = service.text,
                                    .greeting = service.greeting,
                                    .after = service.after,
                                    .close = service.close,
                                    .settings = {}};
  return std::make_unique<app::TcpServer>(stack, params);
}

/// One flow: an action, as one node carries it out.
struct Flow {
  const Scenario& scenario;
  const Built& built;
  const Action& action;
  const Built::Member& from;
  trace::FlowId id;
  Time at;

  wire::Endpoint to() const { return {action.target.address, action.target.port}; }
  net::SendOptions options() const {
    return {.ttl = action.ttl, .tos = action.tos, .df = action.df, .out = interface()};
  }
  /// The interface that the action names; no_interface where it names none.
  net::InterfaceIndex interface() const {
    const std::vector<Interface>& all = scenario.nodes[action.from.node].interfaces;
    for (std::size_t n = 0; n < all.size(); ++n) {
      if (action.network && all[n].network == *action.network) return static_cast<net::InterfaceIndex>(n);
    }
    return net::no_interface;
  }
  const Service* service(wire::Protocol protocol) const { return service_at(scenario, protocol, to()); }
};

std::unique_ptr<app::App> tcp_client(const Flow& flow) {
  const Action& action = flow.action;
  app::TcpClientParams params{.flow = flow.id, .at = flow.at, .to = flow.to(), .settings = {}};
  params.from_port = action.from_port.value_or(0);
  params.size = action.send;
  params.payload = action.payload;
  params.times = action.times;
  params.every = action.every;
  params.wait = action.wait;
  params.keepalive = action.keepalive;
  params.settings.ttl = action.ttl;
  params.settings.tos = action.tos;
  const Service* service = flow.service(wire::Protocol::tcp);
  const std::uint64_t request = action.payload.empty() ? action.send : action.payload.size();
  if (service && request > 0) params.reply = service->echo ? request : service->reply;
  if (action.close == Close::fin) params.after = app::AfterExchange::close;
  if (action.close == Close::reset) params.after = app::AfterExchange::reset;
  return std::make_unique<app::TcpClient>(*flow.from.stack, params);
}

app::Requests requests_of(const Flow& flow) {
  const Action& action = flow.action;
  return {.flow = flow.id,
          .at = flow.at,
          .size = action.send,
          .payload = action.payload,
          .times = action.times,
          .every = action.every,
          .wait = action.wait,
          .options = flow.options()};
}

std::unique_ptr<app::App> udp_client(const Flow& flow) {
  app::UdpClientParams params{requests_of(flow), flow.action.from_port.value_or(0), flow.to()};
  const Service* service = flow.service(wire::Protocol::udp);
  params.requests.expects_reply = !service || service->echo || service->reply > 0;
  return std::make_unique<app::UdpClient>(*flow.from.stack, params);
}

std::unique_ptr<app::App> ping(const Flow& flow) {
  return std::make_unique<app::Ping>(
      *flow.from.stack,
      app::PingParams{requests_of(flow), flow.action.from_port.value_or(0), flow.action.target.address});
}

std::unique_ptr<app::App> traceroute(const Flow& flow) {
  const Action& action = flow.action;
  app::TracerouteParams params{.flow = flow.id, .at = flow.at, .to = action.target.address};
  params.from_port = action.from_port.value_or(0);
  params.hops = action.hops;
  params.wait = action.wait;
  if (action.target.port != 0) params.first_port = action.target.port;
  return std::make_unique<app::Traceroute>(*flow.from.stack, params);
}

/// As the connection's own end has them.
RawEnds ends_at(const net::TcpConnection& own) {
  return {.source = own.local(),
          .destination = own.remote(),
          .next_to_send = own.next_to_send(),
          .next_to_receive = own.next_to_receive()};
}

/// As the connection's own end expects them of the other.
RawEnds ends_beyond(const net::TcpConnection& own) {
  return {.source = own.remote(),
          .destination = own.local(),
          .next_to_send = own.next_to_receive(),
          .next_to_receive = own.next_to_send()};
}

/// What a packet of `packet`'s kind, made now by `sender`, takes from a connection.
RawEnds ends_now(const Scenario& scenario, const Built& built, const RawPacket& packet, net::Stack& sender) {
  if (packet.of) {
    for (std::size_t n = 0; n < built.plans.size(); ++n) {
      const FlowPlan& plan = built.plans[n];
      if (plan.action != *packet.of || plan.member != packet.of_member) continue;
      const auto flow = static_cast<trace::FlowId>(n + 1);
      if (const auto* own = sender.connection_of(flow)) return ends_at(*own);
      const Action& call = scenario.actions[plan.action];
      const net::Stack* caller =
          built.member(plan.member == 0 ? call.from : NodeRef{call.from.node, plan.member}).stack;
      if (const auto* theirs = caller ? caller->connection_of(flow) : nullptr) return ends_beyond(*theirs);
    }
    return {};
  }
  RawEnds ends;
  ends.source = {packet.source.value_or(sender.source_for(*packet.destination)), packet.from_port.value_or(0)};
  ends.destination = {*packet.destination, packet.to_port.value_or(0)};
  const auto* own = is_relative(packet) ? sender.connection(ends.source, ends.destination) : nullptr;
  return own ? ends_at(*own) : ends;
}

std::unique_ptr<app::App> raw(const Flow& flow) {
  const Action& action = flow.action;
  app::RawParams params{.flow = flow.id, .at = flow.at, .bytes = action.payload, .made = {}};
  params.out = flow.interface();
  params.times = action.times;
  params.every = action.every;
  if (action.packet && flow.from.stack) {
    params.made = [&scenario = flow.scenario, &built = flow.built, &packet = *action.packet, sender = flow.from.stack] {
      return bytes_of(packet, ends_now(scenario, built, packet, *sender));
    };
  }
  return std::make_unique<app::Raw>(*flow.from.node, params);
}

std::unique_ptr<app::App> client(const Flow& flow) {
  switch (flow.action.verb) {
    case Verb::tcp: return tcp_client(flow);
    case Verb::udp: return udp_client(flow);
    case Verb::ping: return ping(flow);
    case Verb::traceroute: return traceroute(flow);
    default: return raw(flow);
  }
}

}  // namespace

std::vector<std::unique_ptr<app::App>> start_programs(const Scenario& scenario, const Built& built) {
  std::vector<std::unique_ptr<app::App>> programs;
  for (NodeIndex index = 0; index < scenario.nodes.size(); ++index) {
    for (const Service& service : scenario.nodes[index].services) {
      for (const Built::Member& member : built.nodes[index]) {
        if (member.stack) programs.push_back(server(service, *member.stack));
      }
    }
  }
  for (std::size_t n = 0; n < built.plans.size(); ++n) {
    const FlowPlan& plan = built.plans[n];
    const Action& action = scenario.actions[plan.action];
    const std::int64_t turn = plan.member == 0 ? 0 : plan.member - 1;
    const NodeRef from = plan.member == 0 ? action.from : NodeRef{action.from.node, plan.member};
    const Flow flow{scenario,
                    built,
                    action,
                    built.member(from),
                    static_cast<trace::FlowId>(n + 1),
                    action.at + turn * action.stagger};
    programs.push_back(client(flow));
  }
  return programs;
}

}  // namespace masqsim::scenario
