overlap@twice-nat: Two hosts have one address; each gets another name for its twin (RFC 2663,
  section 4.3)
seed 1 - 6.004 s simulated - 12 packets - trace 01234567...

[1] out  laptop:40000 -> 10.9.1.10:80 tcp     ESTABLISHED   ok
  0.001003 gw     SYN  src 192.168.1.10:40000 => 192.168.1.5:40000
                       dst 10.9.1.10:80 => 192.168.1.10:80  new mapping #1
                       ttl 64=>63  ip sum 4436=>8e9b  tcp sum cfe9=>194f
  0.002007 desk   SYN  seen as 192.168.1.5:40000; answers SYN+ACK
  0.003010 gw     S+A  src 192.168.1.10:80 => 10.9.1.10:80
                       dst 192.168.1.5:40000 => 192.168.1.10:40000  mapping #1
  0.004014 laptop S+A  established; 4 more packets (--all)

[2] in   desk:50000 -> 192.168.1.5:2222 tcp   ESTABLISHED   ok
  1.001003 gw     SYN  src 192.168.1.10:50000 => 10.9.1.10:50000
                       dst 192.168.1.5:2222 => 192.168.1.10:22  new mapping #2
                       ttl 64=>63  ip sum c648=>7de3  tcp sum 5673=>15a6
  1.002007 laptop SYN  seen as 10.9.1.10:50000; answers SYN+ACK
  1.003010 gw     S+A  src 192.168.1.10:22 => 192.168.1.5:2222
                       dst 10.9.1.10:50000 => 192.168.1.10:50000  mapping #2
  1.004014 desk   S+A  established; 4 more packets (--all)

NAT table of gw at 6.004 s
  # proto inside             outside           remote             state       left
  1 tcp   192.168.1.10:40000 192.168.1.5:40000 10.9.1.10:80       established 2h3m54s
  2 tcp   192.168.1.10:22    192.168.1.5:2222  192.168.1.10:50000 established 2h3m55s

2 of 2 expectations met.
