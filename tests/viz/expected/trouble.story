trouble: Pieces, a closed port, a neighbour who is not there, a wrong peer
seed 1 - 30.042 s simulated - 20 packets - trace 01234567...

[1] pieces  laptop:41000 -> web:53 udp           REPLIED       ok
   0.001000 gw     UDP    src 192.168.1.10:41000 => 203.0.113.5:41000  new mapping #1
                          ttl 64=>63  ip sum 2a37=>b0e3  udp sum 4f4c=>d4f8
   0.021000 web    UDP    seen as 203.0.113.5:41000; answers a datagram
   0.041000 gw     UDP    dst 203.0.113.5:41000 => 192.168.1.10:41000  mapping #1
   0.042000 laptop UDP    answer 1 from 198.51.100.10:53, 4000 bytes
  30.041000 gw            mapping #1 expired; 7 more packets (--all)

[2] closed  laptop:41001 -> web:81 tcp           REFUSED       X failed
   1.001000 gw     SYN    src 192.168.1.10:41001 => 203.0.113.5:41001  new mapping #2
                          ttl 64=>63  ip sum 5d1f=>e3cb  tcp sum 197d=>9f29
   1.021000 web    SYN    X refused: no program on tcp:81
                          RST from web
   1.041000 gw     RST+A  dst 203.0.113.5:41001 => 192.168.1.10:41001  mapping #2
   1.041000 gw            mapping #2 removed

[3] absent  laptop -> 192.168.1.77 ping          UNREACHABLE   X failed
   5.000000 laptop echo   X host-unreachable: no neighbour answered for 3 s

[4] peer    laptop:41002 -> 203.0.113.5:53 udp   NO-ANSWER     X failed
   6.001000 gw     UDP    dst 203.0.113.5:53 => 192.168.1.11:53  new mapping #3
                          ttl 64=>63  ip sum 7439=>ef8b  udp sum b6e2=>3135
   6.002000 phone  UDP    seen as 192.168.1.10:41002; answers a datagram
   6.003000 laptop UDP    X wrong-peer: udp:41002 talks to 203.0.113.5:53 only
                          ICMP 3/3 to phone

NAT table of gw at 30.042 s
  # proto inside          outside        remote             state     left
  3 udp   192.168.1.11:53 203.0.113.5:53 192.168.1.10:41002 unreplied 5s

No expectations. Why: masqsim explain trouble.yaml closed
