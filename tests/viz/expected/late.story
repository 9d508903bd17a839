late: Raw packets, two ways out, many settings at once
seed 1 - 17.000 s simulated - 8 packets - trace 01234567...

[1] sent  laptop raw                    DELIVERED     ok
   2.001000 gw     UDP  src 192.168.1.10:5000 => 203.0.113.5:5000  new mapping #1  out by internet
                        ttl 64=>63  ip sum 8ee1=>158e  udp sum 0031=>85dd
   2.021000 web    UDP  seen as 203.0.113.5:5000; answers a datagram
   2.041000 gw     UDP  dst 203.0.113.5:5000 => 192.168.1.10:5000  mapping #1  out by home
   2.042000 laptop UDP  X refused: no program on udp:5000
                        ICMP 3/3 to web

[2] lost  laptop raw                    DROPPED
   2.000000 laptop UDP  X host-unreachable: no neighbour has that address

[3] near  laptop:41000 -> desk:53 udp   REPLIED       ok
   3.001000 gw     UDP  passes with its addresses unchanged  out by work
                        ttl 64=>63  ip sum 5529=>5629
                        masquerade? no: out is internet, this packet leaves by work
   3.002000 desk   UDP  seen as 192.168.1.10:41000; answers a datagram
   3.003000 gw     UDP  passes with its addresses unchanged  out by home
   3.004000 laptop UDP  answer 1 from 10.1.0.10:53, 32 bytes

[4] far   laptop:41001 -> web:53 udp    REPLIED       ok
  12.001000 gw     UDP  src 192.168.1.10:41001 => 203.0.113.5:41001  new mapping #2  out by internet
                        ttl 64=>63  ip sum 72b0=>f95c  udp sum c8ab=>4e58
  12.021000 web    UDP  seen as 203.0.113.5:41001; answers a datagram
  12.041000 gw     UDP  dst 203.0.113.5:41001 => 192.168.1.10:41001  mapping #2  out by home
  12.042000 laptop UDP  answer 1 from 198.51.100.10:53, 32 bytes

Changed meanwhile
   1.000000 gw: nat changes: timeouts.tcp-syn-sent 2m2s, timeouts.tcp-syn-recv 1m1s,
              timeouts.tcp-established 100h, timeouts.tcp-fin-wait 2m3s, timeouts.tcp-close-wait
              1m2s, timeouts.udp 31s, timeouts.udp-stream 2m1s, timeouts.icmp 32s

NAT table of gw at 17.000 s
  # proto inside             outside            remote           state   left
  1 udp   192.168.1.10:5000  203.0.113.5:5000   198.51.100.10:53 replied 16s
  - udp   192.168.1.10:41000 192.168.1.10:41000 10.1.0.10:53     replied 17s
  2 udp   192.168.1.10:41001 203.0.113.5:41001  198.51.100.10:53 replied 26s
  -: translates nothing

No expectations.
