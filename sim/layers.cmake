# The layer table, from the lowest layer to the highest; a new layer is a new row here.
#
#   masqsim_layer(NAME [PROMISE] [SYSTEM] [CLOCK] [FOLDER folder]
#                 HOLDS "what lives there"
#                 SHARES header...    headers beside the sources of a promised layer that other layers may include
#                 USES  layer...      the layers whose headers it may include
#                 LINKS library...)   the libraries of others whose headers it may include
#
# PROMISE: its headers in include/masqsim are a promise to other programs; those beside its sources are private to it, but for
#          those that it shares.
# SYSTEM:  it may ask the operating system (files, processes, sockets).
# CLOCK:   it may ask the time of the machine.
# FOLDER:  of its sources, where it is not sim/NAME.
#
# Four read these rows: CMakeLists.txt makes each layer's library and installs the promises, tests/CMakeLists.txt makes
# each layer's test program, tests/architecture_test.cpp holds every include against them, and .ci/layers writes the
# table of sim/README.md from them.

masqsim_layer(base PROMISE SYSTEM
  HOLDS "time, named random streams, exact ratios and numbers from text, the closed list of reasons, whole files in and out, what may be shown, which word a slip was meant to be")
masqsim_layer(wire PROMISE
  HOLDS "views of IPv4, TCP, UDP, ICMP; addresses; checksums; building; one-line descriptions"
  SHARES sequence.hpp
  USES base)
masqsim_layer(nat PROMISE
  HOLDS "the NAT core: flows, mappings, ports, TCP tracker, timers, fragments, rewriting, decisions"
  SHARES config_keys.hpp
  USES base wire)
masqsim_layer(engine
  HOLDS "the event queue and the clock"
  USES base)
masqsim_layer(trace PROMISE SYSTEM
  HOLDS "the Record, sinks (text, JSON lines, pcapng, pcap, fingerprint), reading back, diff, golden traces"
  USES base wire
  LINKS fmt::fmt nlohmann_json::nlohmann_json PkgConfig::PCAP)
masqsim_layer(kernel SYSTEM CLOCK
  HOLDS "the running Linux kernel as a gateway: namespace, TUN, nft ruleset"
  USES base wire nat
  LINKS fmt::fmt)
masqsim_layer(net
  HOLDS "packets, links, nodes, the host's stack with TCP, router, gateway, topology"
  USES base wire nat engine trace
  LINKS fmt::fmt Boost::boost)
masqsim_layer(app
  HOLDS "what hosts run: ping, traceroute, UDP and TCP clients and servers"
  USES base wire nat engine trace net
  LINKS fmt::fmt)
masqsim_layer(scenario PROMISE SYSTEM
  HOLDS "the model of a file, the YAML reader, running within limits, judging, remedies, verdicts for machines"
  SHARES manual.hpp schema.hpp
  USES base wire nat engine trace net app
  LINKS fmt::fmt nlohmann_json::nlohmann_json yaml-cpp)
masqsim_layer(box SYSTEM CLOCK
  HOLDS "a gateway seen from outside: the kernel or a program of the user's as a box, a bench of two wires around any gateway, the TCP of held ports"
  USES base wire nat engine trace net kernel
  LINKS fmt::fmt nlohmann_json::nlohmann_json)
masqsim_layer(cases
  HOLDS "recorded cases: reading them, replaying them on a bench, judging what came out"
  USES base wire nat box
  LINKS fmt::fmt nlohmann_json::nlohmann_json)
masqsim_layer(exam
  HOLDS "what the NAT RFCs require, each requirement tried on a bench"
  USES base wire nat trace box
  LINKS fmt::fmt nlohmann_json::nlohmann_json)
masqsim_layer(lockstep
  HOLDS "two gateways played against each other with random packets, until something differs"
  USES base wire nat box cases
  LINKS fmt::fmt nlohmann_json::nlohmann_json)
masqsim_layer(standin
  HOLDS "another gateway in the place of a scenario's: a box as a node, the ruleset a file means to it, comparing what two gateways decided"
  USES base wire nat engine trace net app scenario kernel box
  LINKS fmt::fmt)
masqsim_layer(viz FOLDER viz SYSTEM
  HOLDS "story, explanation, DOT, rendering"
  USES base wire trace scenario
  LINKS fmt::fmt PkgConfig::GRAPHVIZ)
masqsim_layer(page
  HOLDS "the lab page: what it asks of the simulator, one HTML file with all of it, what students answered and its grades (scripts and style are in viz/page)"
  USES base wire nat trace scenario viz
  LINKS fmt::fmt nlohmann_json::nlohmann_json yaml-cpp)
masqsim_layer(course
  HOLDS "the labs that come with the program, and a scenario to begin with"
  LINKS fmt::fmt)
masqsim_layer(cli SYSTEM CLOCK
  HOLDS "the verbs"
  USES base wire nat engine trace net app scenario kernel box cases exam lockstep standin viz page course
  LINKS fmt::fmt nlohmann_json::nlohmann_json CLI11::CLI11)
