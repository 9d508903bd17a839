moved: The provider gives another address while a call is under way
seed 1 - 11.000 s simulated - 8 packets - trace 01234567...

[1] call  laptop:41000 -> web:53 udp   REPLIED       ok
  0.001000 gw     UDP  src 192.168.1.10:41000 => 203.0.113.5:41000  new mapping #1
                       ttl 64=>63  ip sum 39b7=>c063  udp sum c8ac=>4e59
  0.021000 web    UDP  seen as 203.0.113.5:41000; answers a datagram
  0.041000 gw     UDP  dst 203.0.113.5:41000 => 192.168.1.10:41000  mapping #1
  0.042000 laptop UDP  answer 1 from 198.51.100.10:53, 32 bytes; 3 more alike
  3.000000 gw          mapping #1 removed
  4.001000 gw     UDP  src 192.168.1.10:41000 => 203.0.113.6:41000  new mapping #2
                       ttl 64=>63  ip sum d20b=>58b7  udp sum c8ac=>4e58
  4.021000 web    UDP  seen as 203.0.113.6:41000; answers a datagram
  4.041000 gw     UDP  dst 203.0.113.6:41000 => 192.168.1.10:41000  mapping #2
                       4 more packets (--all)

Changed meanwhile
  1.000000 gw: nat changes: timeouts.udp 10s
  3.000000 gw/internet: address 203.0.113.5 => 203.0.113.6

NAT table of gw at 11.000 s
  # proto inside             outside           remote           state   left
  2 udp   192.168.1.10:41000 203.0.113.6:41000 198.51.100.10:53 assured 1m55s

No expectations.
