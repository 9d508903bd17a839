// The bytes of an IPv4 packet as named fields (RFC 791, 9293, 768, 792), and how two packets differ. Every field says which
// bytes it stands for, so that a field and its bytes can be marked together.

const PROTOCOLS = {1: "ICMP", 6: "TCP", 17: "UDP", 47: "GRE", 50: "ESP", 132: "SCTP", 136: "UDP-Lite"};
const ICMP_TYPES = {0: "echo reply", 3: "destination unreachable", 4: "source quench", 5: "redirect", 8: "echo request",
                    11: "time exceeded", 12: "parameter problem"};
const UNREACHABLE = {0: "net", 1: "host", 2: "protocol", 3: "port", 4: "fragmentation needed", 13: "prohibited"};
const TCP_FLAGS = [[0x80, "CWR"], [0x40, "ECE"], [0x20, "URG"], [0x10, "ACK"], [0x08, "PSH"], [0x04, "RST"],
                   [0x02, "SYN"], [0x01, "FIN"]];

const bytesOf = (hex) => Uint8Array.from({length: (hex || "").length >> 1}, (_, i) => parseInt(hex.substr(2 * i, 2), 16));
const word16 = (b, at) => (b[at] << 8) | b[at + 1];
const word32 = (b, at) => ((b[at] << 24) | (b[at + 1] << 16) | (b[at + 2] << 8) | b[at + 3]) >>> 0;
const hex = (n, digits) => n.toString(16).padStart(digits, "0");
const dotted = (b, at) => `${b[at]}.${b[at + 1]}.${b[at + 2]}.${b[at + 3]}`;

function flagWords(bits) {
  const words = TCP_FLAGS.filter(([bit]) => bits & bit).map(([, word]) => word);
  return words.length ? words.reverse().join("+").replace("ACK+SYN", "SYN+ACK") : "none";
}

// The fields of `b` from byte `start`; `layer` is prefixed for packets that an ICMP error quotes.
function fieldsOf(b, start = 0, quoted = "") {
  const fields = [];
  const add = (layer, name, text, at, length) => {
    if (at + length <= b.length) fields.push({layer: quoted + layer, name, text: String(text), at, length});
  };
  if (b.length < start + 20 || b[start] >> 4 !== 4) return fields;
  const header = (b[start] & 15) * 4;
  const protocol = b[start + 9];
  const fragment = word16(b, start + 6);
  add("IPv4", "header length", `${header} bytes`, start, 1);
  add("IPv4", "type of service", `0x${hex(b[start + 1], 2)}`, start + 1, 1);
  add("IPv4", "total length", `${word16(b, start + 2)} bytes`, start + 2, 2);
  add("IPv4", "identification", `0x${hex(word16(b, start + 4), 4)}`, start + 4, 2);
  const marks = [(fragment & 0x4000) && "DF", (fragment & 0x2000) && "MF"].filter(Boolean).join(" ") || "none";
  add("IPv4", "flags, offset", `${marks}, ${(fragment & 0x1fff) * 8}`, start + 6, 2);
  add("IPv4", "time to live", b[start + 8], start + 8, 1);
  add("IPv4", "protocol", `${protocol} ${PROTOCOLS[protocol] || ""}`.trim(), start + 9, 1);
  add("IPv4", "header checksum", `0x${hex(word16(b, start + 10), 4)}`, start + 10, 2);
  add("IPv4", "source address", dotted(b, start + 12), start + 12, 4);
  add("IPv4", "destination address", dotted(b, start + 16), start + 16, 4);
  if (header > 20) add("IPv4", "options", `${header - 20} bytes`, start + 20, header - 20);
  if (fragment & 0x1fff) return fields;  // a later piece has no transport header

  const t = start + header;
  if (b.length < t + 8) return fields;
  if (protocol === 6) {
    add("TCP", "source port", word16(b, t), t, 2);
    add("TCP", "destination port", word16(b, t + 2), t + 2, 2);
    add("TCP", "sequence number", word32(b, t + 4), t + 4, 4);
    if (b.length < t + 20) return fields;
    add("TCP", "acknowledgment number", word32(b, t + 8), t + 8, 4);
    add("TCP", "header length, flags", `${(b[t + 12] >> 4) * 4} bytes, ${flagWords(b[t + 13])}`, t + 12, 2);
    add("TCP", "window", word16(b, t + 14), t + 14, 2);
    add("TCP", "checksum", `0x${hex(word16(b, t + 16), 4)}`, t + 16, 2);
    add("TCP", "urgent pointer", word16(b, t + 18), t + 18, 2);
    const length = (b[t + 12] >> 4) * 4;
    if (length > 20) add("TCP", "options", `${length - 20} bytes`, t + 20, length - 20);
  } else if (protocol === 17) {
    add("UDP", "source port", word16(b, t), t, 2);
    add("UDP", "destination port", word16(b, t + 2), t + 2, 2);
    add("UDP", "length", `${word16(b, t + 4)} bytes`, t + 4, 2);
    add("UDP", "checksum", `0x${hex(word16(b, t + 6), 4)}`, t + 6, 2);
  } else if (protocol === 1) {
    const type = b[t];
    const what = type === 3 ? `${ICMP_TYPES[3]}: ${UNREACHABLE[b[t + 1]] || ""}` : ICMP_TYPES[type] || "";
    add("ICMP", "type, code", `${type}/${b[t + 1]} ${what}`.trim(), t, 2);
    add("ICMP", "checksum", `0x${hex(word16(b, t + 2), 4)}`, t + 2, 2);
    if (type === 0 || type === 8) {
      add("ICMP", "identifier", word16(b, t + 4), t + 4, 2);
      add("ICMP", "sequence number", word16(b, t + 6), t + 6, 2);
    } else {
      if (type === 3 && b[t + 1] === 4) add("ICMP", "next-hop MTU", `${word16(b, t + 6)} bytes`, t + 6, 2);
      if (!quoted) fields.push(...fieldsOf(b, t + 8, "quoted "));
    }
  }
  return fields;
}

// What a packet is in a word: "SYN", "UDP", "echo", "ICMP 3/1".
function kindOf(b) {
  if (b.length < 20) return "?";
  const t = (b[0] & 15) * 4;
  if (word16(b, 6) & 0x1fff) return "piece";
  switch (b[9]) {
    case 6: {
      const flags = flagWords(b[t + 13] & 0x37);
      if (flags !== "ACK") return flags;
      const data = word16(b, 2) - t - (b[t + 12] >> 4) * 4;
      return data > 0 ? `data ${data} B` : "ACK";
    }
    case 17: return `UDP ${word16(b, 2) - t - 8} B`;
    case 1: return b[t] === 8 ? "echo" : b[t] === 0 ? "echo reply" : `ICMP ${b[t]}/${b[t + 1]}`;
    default: return PROTOCOLS[b[9]] || `protocol ${b[9]}`;
  }
}

// "192.168.1.10:40000", or the address alone where there is no port.
function endOf(b, source) {
  if (b.length < 20) return "";
  const address = dotted(b, source ? 12 : 16);
  const t = (b[0] & 15) * 4;
  const ports = (b[9] === 6 || b[9] === 17) && !(word16(b, 6) & 0x1fff) && b.length >= t + 4;
  return ports ? `${address}:${word16(b, source ? t : t + 2)}` : address;
}

// The fields of both packets side by side: {layer, name, before, after, at, length, changed}.
function comparedFields(before, after) {
  const old = new Map(fieldsOf(before).map((f) => [f.layer + "/" + f.name, f]));
  return fieldsOf(after).map((f) => {
    const was = old.get(f.layer + "/" + f.name);
    return {...f, before: was ? was.text : "", after: f.text, changed: !was || was.text !== f.text};
  });
}

// RFC 1624, equation 3: HC' = ~(~HC + ~m + m'), for the sum at `sumAt` over the 16-bit words at `places` (offsets). Gives
// the lines of the arithmetic, or null where the sum does not change.
function sumUpdate(before, after, sumAt, places) {
  const old = word16(before, sumAt);
  const now = word16(after, sumAt);
  if (old === now) return null;
  const steps = [];
  let sum = ~old & 0xffff;
  steps.push({text: `~${hex(old, 4)}`, value: hex(sum, 4)});
  for (const at of places) {
    const m = word16(before, at);
    const m2 = word16(after, at);
    if (m === m2) continue;
    sum += (~m & 0xffff) + m2;
    steps.push({text: `+ ~${hex(m, 4)} + ${hex(m2, 4)}`, value: hex(sum, 5), at});
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  steps.push({text: "carry added", value: hex(sum, 4)});
  const result = ~sum & 0xffff;
  steps.push({text: `~${hex(sum, 4)}`, value: hex(result, 4)});
  return {old: hex(old, 4), now: hex(now, 4), steps, agrees: result === now};
}

// The two sums of a rewritten packet with their arithmetic: [{name, ...sumUpdate}].
function sumUpdates(before, after) {
  if (before.length < 20 || after.length < 20) return [];
  const t = (before[0] & 15) * 4;
  const found = [];
  const ipWords = [];
  for (let at = 0; at + 1 < t; at += 2) if (at !== 10) ipWords.push(at);
  const ip = sumUpdate(before, after, 10, ipWords);
  if (ip) found.push({name: "IPv4 header checksum", ...ip});
  const places = {6: [t + 16, "TCP checksum", [12, 14, 16, 18, t, t + 2]], 17: [t + 6, "UDP checksum", [12, 14, 16, 18, t, t + 2]],
                  1: [t + 2, "ICMP checksum", [t + 4]]}[before[9]];
  if (!places || before.length < places[0] + 2 || (word16(before, 6) & 0x1fff)) return found;
  if (before[9] === 1 && before[t] !== 0 && before[t] !== 8) return found;
  const transport = sumUpdate(before, after, places[0], places[2]);
  if (transport) found.push({name: places[1], ...transport});
  return found;
}
