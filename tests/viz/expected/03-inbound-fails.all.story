inbound-fails: Outbound works; inbound fails twice, for two reasons
seed 1 - 5.042 s simulated - 10 packets - trace 01234567...

[1] out      laptop:40000 -> web:80 tcp              ESTABLISHED   ok
  0.000000 laptop   SYN       192.168.1.10:40000 > 198.51.100.10:80, 44 bytes
  0.001003 gw       SYN       src 192.168.1.10:40000 => 203.0.113.5:40000  new mapping #1
                              ttl 64=>63  ip sum 250b=>abb7  tcp sum 8d5c=>1309
  0.021003 web      SYN       seen as 203.0.113.5:40000; answers SYN+ACK
  0.021003 web      S+A       198.51.100.10:80 > 203.0.113.5:40000, 44 bytes
  0.041003 gw       S+A       dst 203.0.113.5:40000 => 192.168.1.10:40000  mapping #1
                              ttl 63=>62  ip sum d588=>50dc  tcp sum 8661=>00b5
  0.042007 laptop   S+A       arrives
  0.042007 laptop   ACK       192.168.1.10:40000 > 198.51.100.10:80, 40 bytes
  0.042007 laptop             established
  0.042007 laptop   PSH+A     192.168.1.10:40000 > 198.51.100.10:80, 140 bytes
  0.043010 gw       ACK       src 192.168.1.10:40000 => 203.0.113.5:40000  mapping #1
                              ttl 64=>63  ip sum 250e=>abba  tcp sum 1872=>9e1e
  0.043021 gw       PSH+A     src 192.168.1.10:40000 => 203.0.113.5:40000  mapping #1
                              ttl 64=>63  ip sum 24a9=>ab55  tcp sum 0af5=>90a1
  0.063010 web      ACK       seen as 203.0.113.5:40000
  0.063021 web      PSH+A     seen as 203.0.113.5:40000; answers PSH+A
  0.063021 web                received 100 bytes
  0.063021 web      PSH+A     198.51.100.10:80 > 203.0.113.5:40000, 240 bytes
  0.083021 gw       PSH+A     dst 203.0.113.5:40000 => 192.168.1.10:40000  mapping #1
                              ttl 63=>62  ip sum ff09=>7a5d  tcp sum 62a8=>dcfb
  0.084040 laptop   PSH+A     received 200 bytes
  0.084040 laptop   ACK       192.168.1.10:40000 > 198.51.100.10:80, 40 bytes
  0.085043 gw       ACK       src 192.168.1.10:40000 => 203.0.113.5:40000  mapping #1
                              ttl 64=>63  ip sum 250c=>abb8  tcp sum 1746=>9cf2
  0.105043 web      ACK       seen as 203.0.113.5:40000

[2] private  stranger:50000 -> 192.168.1.10:22 tcp   UNREACHABLE   ok, expected
  2.000000 stranger SYN       198.51.100.66:50000 > 192.168.1.10:22, 44 bytes
  2.010000 internet SYN       X no-route: private address (RFC 1918)
                              never reached gw; ICMP 3/0 to stranger
  2.010000 internet ICMP 3/0  198.18.0.2 > 198.51.100.66, 72 bytes
  2.020000 stranger ICMP 3/0  net unreachable from 198.18.0.2

[3] public   stranger:50001 -> 203.0.113.5:22 tcp    REFUSED       ok, expected
  4.000000 stranger SYN       198.51.100.66:50001 > 203.0.113.5:22, 44 bytes
  4.020000 gw       SYN       X no-mapping: nothing owns 203.0.113.5:22/tcp
                              RST from gw itself
  4.020000 gw       RST+A     203.0.113.5:22 > 198.51.100.66:50001, 40 bytes
  4.040000 stranger RST+A     arrives

NAT table of gw at 5.042 s
  # proto inside             outside           remote           state       left
  1 tcp   192.168.1.10:40000 203.0.113.5:40000 198.51.100.10:80 established 119h59m55s

4 of 4 expectations met. Why: masqsim explain inbound-fails.yaml public
