#!/usr/bin/env python3
"""A masquerading NAT as a gateway program: masqsim run FILE --gateway 'exec:python3 nat.py' (see sim/box/README.md)."""
import json
import socket
import struct
import sys

ICMP, TCP, UDP = 1, 6, 17
NAMES = {ICMP: "icmp", TCP: "tcp", UDP: "udp"}
SUM_AT = {ICMP: 2, TCP: 16, UDP: 6}  # where the checksum lies in the transport header


def checksum(data):
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def datagram(header, protocol, source, destination, body):
    """The packet with these addresses and both checksums made right; `header` gives all its other fields."""
    head, body, at = bytearray(header), bytearray(body), SUM_AT[protocol]
    head[2:4], head[9], head[10:12] = struct.pack("!H", len(head) + len(body)), protocol, b"\0\0"
    head[12:20] = source + destination
    head[10:12] = struct.pack("!H", checksum(bytes(head)))
    if protocol != UDP or body[6:8] != b"\0\0":  # a UDP datagram may have no checksum
        pseudo = b"" if protocol == ICMP else source + destination + struct.pack("!BBH", 0, protocol, len(body))
        body[at:at + 2] = b"\0\0"
        body[at:at + 2] = struct.pack("!H", checksum(pseudo + bytes(body)) or 0xFFFF)
    return bytes(head + body)


class Nat:
    def __init__(self, hello):
        self.answers, self.flows, self.config = [], {}, hello["nat"]
        self.address = {i["name"]: socket.inet_aton(i["address"].split("/")[0]) for i in hello["interfaces"]}
        self.inside = next(i["name"] for i in hello["interfaces"] if i["side"] == "inside")
        self.outside = next(i["name"] for i in hello["interfaces"] if i["side"] == "outside")

    def say(self, **answer):
        self.answers.append(answer)

    def send(self, interface, packet):
        self.say(out=interface, packet=packet.hex())

    def outside_port(self, protocol, inside, remote):
        """The inside host's own port if nobody has it towards this remote (or, as RFC 4787 wants it, towards any)."""
        alone = self.config["mapping"] != "linux"
        known = [port for (p, port, _), (host, _) in self.flows.items() if (p, host) == (protocol, inside)]
        if alone and known:
            return known[0]
        taken = {port for p, port, other in self.flows if p == protocol and (alone or other == remote)}
        return next(port for port in (inside[1], *range(1024, 65536)) if port not in taken)

    def forwarded(self, protocol, port):
        for rule in self.config["forward"]:
            first, _, last = rule.get("ports", "0-65535").partition("-")
            if rule.get("protocol", NAMES[protocol]) == NAMES[protocol] and int(first) <= port <= int(last or first):
                return socket.inet_aton(rule["to"]), rule.get("to-port", port)
        return None

    def receive(self, now, interface, packet):
        length, protocol, source, destination = (packet[0] & 15) * 4, packet[9], packet[12:16], packet[16:20]
        header, body = bytearray(packet[:length]), bytearray(packet[length:])
        if protocol not in NAMES or (protocol == ICMP and body[0] not in (0, 8)):
            return self.say(drop="no-protocol", note="this NAT knows TCP, UDP and ping")
        if header[8] <= 1:
            return self.say(drop="ttl-exceeded")
        at = (4, 4) if protocol == ICMP else (0, 2)  # where source and destination port lie; a ping has one id for both
        from_port, to_port = (struct.unpack_from("!H", body, place)[0] for place in at)
        life = self.config["timeouts"][{ICMP: "icmp", UDP: "udp", TCP: "tcp-established"}[protocol]]
        self.flows = {key: flow for key, flow in self.flows.items() if flow[1] > now}
        if destination in self.address.values() and interface != self.outside:
            return self.to_itself(interface, header, protocol, source, destination, body)
        header[8] -= 1
        if interface == self.inside:
            remote, inside = (destination, to_port), (source, from_port)
            mine = [k for k, flow in self.flows.items() if k[0] == protocol and flow[0] == inside
                    and (k[2] == remote or (protocol == ICMP and k[2][0] == destination))]
            key = mine[0] if mine else (protocol, self.outside_port(protocol, inside, remote), remote)
            self.flows[key] = inside, now + life
            struct.pack_into("!H", body, at[0], key[1])
            return self.send(self.outside, datagram(header, protocol, self.address[self.outside], destination, body))
        key = (protocol, to_port, (source, from_port))
        if protocol == ICMP:  # the remote answers with the id that it saw
            key = next((k for k in self.flows if k[0] == ICMP and k[1] == to_port and k[2][0] == source), key)
        if key not in self.flows and (host := self.forwarded(protocol, to_port)):
            self.flows[key] = host, now + life
        if key not in self.flows:
            header[8] += 1
            return self.to_itself(interface, header, protocol, source, destination, body)
        host, port = self.flows[key][0]
        self.flows[key] = (host, port), now + life
        struct.pack_into("!H", body, at[1], port)
        self.send(self.inside, datagram(header, protocol, source, host, body))

    def to_itself(self, interface, header, protocol, source, destination, body):
        """Nobody owns the packet: a ping is answered, all else refused as the host's own stack would."""
        about = bytes(header) + bytes(body[:8])
        header[8] = 64
        if protocol == ICMP and body[0] == 8:
            return self.send(interface, datagram(header, ICMP, destination, source, b"\0" + body[1:]))
        self.say(drop="no-mapping", note="nothing in the table owns it")
        if protocol == UDP:
            error = b"\3\3" + bytes(6) + about
            self.send(interface, datagram(header[:20], ICMP, destination, source, error))
        if protocol == TCP and not body[13] & 4:
            size = len(body) - (body[12] >> 4) * 4 + (body[13] >> 1 & 1) + (body[13] & 1)
            ours, flags = (bytes(body[8:12]), 4) if body[13] & 16 else (bytes(4), 20)
            theirs = (struct.unpack_from("!I", body, 4)[0] + size) % 2**32 if flags == 20 else 0
            reset = body[2:4] + body[0:2] + ours + struct.pack("!IBBHHH", theirs, 0x50, flags, 0, 0, 0)
            self.send(interface, datagram(header[:20], TCP, destination, source, reset))

    def table(self, now):
        text = lambda end: f"{socket.inet_ntoa(end[0])}:{end[1]}"
        own = self.address[self.outside]
        return [{"protocol": NAMES[p], "inside": text(inside), "outside": text((own, port)), "remote": text(remote),
                 "left": ends - now}
                for (p, port, remote), (inside, ends) in self.flows.items()]

    def set(self, what):
        if "address" in what and what["address"]:
            self.address[what["interface"]] = socket.inet_aton(what["address"].split("/")[0])
            if what["interface"] == self.outside:
                self.flows = {}
        self.config = what.get("nat", self.config)
        if what.get("flush"):
            self.flows = {}


nat = None
for line in sys.stdin:
    asked = json.loads(line)
    if "hello" in asked:
        nat = Nat(asked)
    elif "in" in asked:
        nat.receive(asked["at"], asked["in"], bytes.fromhex(asked["packet"]))
    elif "set" in asked:
        nat.set(asked["set"])
    for answer in (*nat.answers, {"table": nat.table(asked.get("at", 0))}, {"done": True}):
        print(json.dumps(answer))
    nat.answers.clear()
    sys.stdout.flush()
