#include "programs.hpp"

#include "sim/app/ping.hpp"
#include "sim/app/tcp.hpp"
#include "sim/app/udp.hpp"

namespace masqsim::scenario {

namespace {

std::unique_ptr<app::App> server(const Service& service, net::Stack& stack) {
  if (service.protocol == wire::Protocol::udp) {
    const app::UdpServerParams params{
        .port = service.port, .echo = service.echo, .reply = service.reply, .after = service.after};
    return std::make_unique<app::UdpServer>(stack, params);
  }
  const app::TcpServerParams params{.port = service.port,
                                    .echo = service.echo,
                                    .reply = service.reply,
                                    .after = service.after,
                                    .close = service.close,
                                    .settings = {}};
  return std::make_unique<app::TcpServer>(stack, params);
}

/// One flow: an action, as one node carries it out.
struct Flow {
  const Scenario& scenario;
  const Action& action;
  const Built::Member& from;
  trace::FlowId id;
  Time at;

  wire::Endpoint to() const { return {action.target.address, action.target.port}; }
  net::SendOptions options() const { return {.ttl = action.ttl, .tos = action.tos, .df = action.df}; }
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

std::unique_ptr<app::App> udp_client(const Flow& flow) {
  const Action& action = flow.action;
  app::UdpClientParams params{.flow = flow.id, .at = flow.at, .to = flow.to(), .options = flow.options()};
  params.from_port = action.from_port.value_or(0);
  params.size = action.send;
  params.payload = action.payload;
  params.times = action.times;
  params.every = action.every;
  params.wait = action.wait;
  const Service* service = flow.service(wire::Protocol::udp);
  params.expects_reply = !service || service->echo || service->reply > 0;
  return std::make_unique<app::UdpClient>(*flow.from.stack, params);
}

std::unique_ptr<app::App> ping(const Flow& flow) {
  const Action& action = flow.action;
  app::PingParams params{.flow = flow.id, .at = flow.at, .to = action.target.address, .options = flow.options()};
  params.id = action.from_port.value_or(0);
  params.size = action.send;
  params.payload = action.payload;
  params.times = action.times;
  params.every = action.every;
  params.wait = action.wait;
  return std::make_unique<app::Ping>(*flow.from.stack, params);
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

std::unique_ptr<app::App> raw(const Flow& flow) {
  const Action& action = flow.action;
  app::RawParams params{.flow = flow.id, .at = flow.at, .bytes = action.payload};
  if (action.network) {
    const Node& node = flow.scenario.nodes[action.from.node];
    for (std::size_t n = 0; n < node.interfaces.size(); ++n) {
      if (node.interfaces[n].network == *action.network) params.out = static_cast<net::InterfaceIndex>(n);
    }
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
    const Flow flow{scenario, action, built.member(from), static_cast<trace::FlowId>(n + 1),
                    action.at + turn * action.stagger};
    programs.push_back(client(flow));
  }
  return programs;
}

}  // namespace masqsim::scenario
