busy: Two ports for three callers, and a port in use
seed 1 - 5.000 s simulated - 5 packets - trace 01234567...

[1] all    3 x clients -> web:53 udp      REPLIED       X 1 of 3 failed
  all.1 stands for all:
  0.000000 gw        UDP  src 192.168.1.10:5000 => 203.0.113.5:40000  new mapping #1
                          ttl 64=>63  ip sum 79cf=>007c  udp sum 554d=>5241
  0.000000 gw        UDP  X ports-exhausted of all.3: no outside port was free
  0.000000 web       UDP  seen as 203.0.113.5:40000; answers a datagram
  0.000000 gw        UDP  dst 203.0.113.5:40000 => 192.168.1.10:5000  mapping #1
  0.000000 clients.1 UDP  answer 1 from 198.51.100.10:53, 32 bytes
  1 x NO-ANSWER X ports-exhausted at gw: all.3
  2 x REPLIED: all.1, all.2

[2] again  clients.1:5000 -> web:53 udp   NO-ANSWER     X failed
  0.000000 clients.1      port 5000 is in use

NAT table of gw at 5.000 s
  # proto inside            outside           remote           state   left
  1 udp   192.168.1.10:5000 203.0.113.5:40000 198.51.100.10:53 replied 25s
  2 udp   192.168.1.11:5000 203.0.113.5:40001 198.51.100.10:53 replied 25s

No expectations. Why: masqsim explain busy.yaml all.3
