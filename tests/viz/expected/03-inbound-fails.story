inbound-fails: Outbound works; inbound fails twice, for two reasons
seed 1 - 5.042 s simulated - 10 packets - trace 01234567...

[1] out      laptop:40000 -> web:80 tcp              ESTABLISHED   ok
  0.001003 gw       SYN  src 192.168.1.10:40000 => 203.0.113.5:40000  new mapping #1
                         ttl 64=>63  ip sum 250b=>abb7  tcp sum 8d5c=>1309
  0.021003 web      SYN  seen as 203.0.113.5:40000; answers SYN+ACK
  0.041003 gw       S+A  dst 203.0.113.5:40000 => 192.168.1.10:40000  mapping #1
  0.042007 laptop   S+A  established; 4 more packets (--all)

[2] private  stranger:50000 -> 192.168.1.10:22 tcp   UNREACHABLE   ok, expected
  2.010000 internet SYN  X no-route: private address (RFC 1918)
                         never reached gw; ICMP 3/0 to stranger

[3] public   stranger:50001 -> 203.0.113.5:22 tcp    REFUSED       ok, expected
  4.020000 gw       SYN  X no-mapping: nothing owns 203.0.113.5:22/tcp
                         RST from gw itself

NAT table of gw at 5.042 s
  # proto inside             outside           remote           state       left
  1 tcp   192.168.1.10:40000 203.0.113.5:40000 198.51.100.10:80 established 119h59m55s

4 of 4 expectations met. Why: masqsim explain inbound-fails.yaml public
