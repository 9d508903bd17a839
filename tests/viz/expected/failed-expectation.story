wrong: An expectation that fails
seed 1 - 1.000 s simulated - 2 packets - trace 01234567...

[1] call  laptop:40000 -> phone:80 tcp   REFUSED       X not as expected
  0.000000 phone SYN  X refused: no program on tcp:80
                      RST from phone

X wrong.yaml:12:5: expectation not met
    expected  flow call: established
    came      refused at phone (refused)

0 of 1 expectation met. Why: masqsim explain wrong.yaml call
