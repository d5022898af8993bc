"""Looking back: what a desk's past, recorded or simulated, would have been told by the code of today.

A **trace** is what happened to every case of a desk, in a CSV file. Read on:

1. `trace`      the file: one line a case, and beside it who was on duty and the best possible forecast
2. `scenarios`  desks to simulate: their settings, and nine drawn anew for each seed
3. `simulator`  a desk without people: customers arrive, agents come, claim, reply and go
4. `oracle`     the best forecast there can be: many futures of a simulated desk whose state is fully known
"""
