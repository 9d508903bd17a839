ping-ids: Ping has no ports; its query id does their work
seed 1 - 10.000 s simulated - 14 packets - trace 01234567...

[1] first    laptop:7 -> web ping      REPLIED       ok
  0.001006 gw     echo   src 192.168.1.10 => 203.0.113.5  new mapping #1
                         ttl 64=>63  ip sum 39af=>c05b
  0.021006 web    echo   seen as 203.0.113.5 id 7; answers echo reply
  0.041006 gw     reply  dst 203.0.113.5 => 192.168.1.10  mapping #1
  0.042013 laptop reply  answer to 1 from 198.51.100.10, 56 bytes, ttl 62; 2 more alike
                         4 more packets (--all)

[2] second   phone:7 -> web ping       REPLIED       ok
  0.501006 gw     echo   src 192.168.1.11 => 203.0.113.5  icmp id 7 => 53452  new mapping #2
                         ttl 64=>63  ip sum 227e=>a92b  icmp sum 3f3a=>6e74
  0.521006 web    echo   seen as 203.0.113.5 id 53452; answers echo reply
  0.541006 gw     reply  dst 203.0.113.5 => 192.168.1.11  icmp id 53452 => 7  mapping #2
  0.542013 phone  reply  answer to 1 from 198.51.100.10, 56 bytes, ttl 62; 2 more alike
                         4 more packets (--all)

[3] outside  web -> 203.0.113.5 ping   REPLIED       ok
  5.020000 gw     echo   seen as 198.51.100.10 id 45388; answers echo reply
  5.040000 web    reply  answer to 1 from 203.0.113.5, 56 bytes, ttl 63

NAT table of gw at 10.000 s
  # proto inside              outside             remote            state   left
  1 icmp  192.168.1.10:7      203.0.113.5:7       198.51.100.10:7   replied 22s
  2 icmp  192.168.1.11:7      203.0.113.5:53452   198.51.100.10:7   replied 22s
  - icmp  198.51.100.10:45388 198.51.100.10:45388 203.0.113.5:45388 replied 25s
  -: translates nothing

4 of 4 expectations met.
