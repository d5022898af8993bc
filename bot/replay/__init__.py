"""Looking back: what a desk's past, recorded or simulated, would have been told by the code of today.

A **trace** is what happened to every case of a desk, in a CSV file. Recorded by `jono export`, or made up:

1. `trace`      the file: one line a case, and beside it who was on duty and the best possible forecast
2. `scenarios`  desks to simulate, as plain settings; `sim_presets` draws nine of them anew for each seed
3. `simulator`  a desk without people: customers arrive, agents come, claim, reply and go. `sim_plan` says how busy
                each hour is and who is on duty, `sim_handling` how long a case takes
4. `oracle`     the best forecast there can be: many futures of a simulated desk whose state is fully known

A trace is played to the service's own code and to others' formulas, and what they said is judged:

5. `run`        the past played again, causally; `queries`, who is asked about and when
6. `subject`    the service's own estimate; `baselines`, what others would have said
7. `verdict`    how far off they were, and whether promises were kept; `report`, all that for people and programs

`cli_simulate` and `cli_replay` are the commands.
"""
