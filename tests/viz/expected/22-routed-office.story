routed-office: Three networks, two routers and one gateway; inside one routes, outside one
  translates
seed 1 - 14.044 s simulated - 28 packets - trace 01234567...

[1] inside  desk:40000 -> scope:80 tcp               ESTABLISHED   ok
  0.003007 scope    SYN        seen as 192.168.1.10:40000; answers SYN+ACK
  0.006014 desk     S+A        established; 4 more packets (--all)

[2] out     scope:40000 -> web:80 tcp                ESTABLISHED   ok
  1.003004 gw       SYN        src 192.168.2.10:40000 => 203.0.113.5:40000  new mapping #1
                               ttl 62=>61  ip sum 4ad3=>d27f  tcp sum 0a41=>90ed
  1.023004 web      SYN        seen as 203.0.113.5:40000; answers SYN+ACK
  1.043004 gw       S+A        dst 203.0.113.5:40000 => 192.168.2.10:40000  mapping #1
  1.046008 scope    S+A        established; 4 more packets (--all)

[3] trace   scope -> web traceroute                  REPLIED       ok
  2.001004 inner    UDP        X ttl-exceeded: the time to live ran out
                               ICMP 11/0 to scope
  2.002011 scope               hop 1 is inner (192.168.2.1)
  2.004017 outer    UDP        X ttl-exceeded: the time to live ran out
                               ICMP 11/0 to scope
  2.006024 scope               hop 2 is outer (192.168.3.1)
  2.009030 gw       UDP        X ttl-exceeded: the time to live ran out
                               ICMP 11/0 to scope
  2.012039 scope               hop 3 is gw (192.168.4.2)
  2.015044 gw       UDP        src 192.168.2.10:60747 => 203.0.113.5:60747  new mapping #2
                               ttl 2=>1  ip sum 8bc1=>136e  udp sum f820=>7ecd
  2.025044 internet UDP        X ttl-exceeded: the time to live ran out
                               ICMP 11/0 to gw
  2.035044 gw       ICMP 11/0  dst 203.0.113.5 => 192.168.2.10
                               quoted src 203.0.113.5:60747 => 192.168.2.10:60747  mapping #2
  2.038053 scope               hop 4 is internet (198.18.0.5)
  2.061059 web      UDP        X refused: no program on udp:33438
                               ICMP 3/3 to gw
  2.084067 scope               hop 5 is web (198.51.100.10)

[4] in      stranger:50000 -> 203.0.113.5:8080 tcp   ESTABLISHED   ok
  9.020000 gw       SYN        dst 203.0.113.5:8080 => 192.168.3.10:80  new mapping #3
                               ttl 63=>62  ip sum 057e=>7ed1  tcp sum 048f=>9c22
  9.022000 files    SYN        seen as 198.51.100.66:50000; answers SYN+ACK
  9.024001 gw       S+A        src 192.168.3.10:80 => 203.0.113.5:8080  mapping #3
  9.044001 stranger S+A        established; 4 more packets (--all)

NAT table of gw at 14.044 s
  # proto inside             outside           remote              state       left
  1 tcp   192.168.2.10:40000 203.0.113.5:40000 198.51.100.10:80    established 119h59m47s
  2 udp   192.168.2.10:60747 203.0.113.5:60747 198.51.100.10:33437 unreplied   17s
  2 udp   192.168.2.10:60747 203.0.113.5:60747 198.51.100.10:33438 unreplied   17s
  3 tcp   192.168.3.10:80    203.0.113.5:8080  198.51.100.66:50000 established 119h59m55s

4 of 4 expectations met.
