"""Discord as a process of its own on loopback: it outlives the bot, and its ledger is what tests judge by.

    client        what tests hold in hand: `async with discord_fake() as discord`
    serve         both doors, in whatever process
    ledger        what happened, in order, and what can be counted from it
    rest          the HTTP door: tokens, faults, limits, then the handler of the route
    routes        all routes of the API, and who handles them
    gateway       sessions: IDENTIFY, RESUME, heartbeats, and all the ways a connection ends
    control       the tests' door, on a port of its own
    messages      what bots may call: messages, reactions, typing
    channels      what bots may call: channels, posts of forums, private threads
    account       what bots may call: users, the application, servers, commands
    interactions  what bots may call: callbacks and follow-ups
    scene         what people do, and what they ask of the bot: commands, buttons, forms
    world         the world of one application: who is where, and what was said
    things        people, servers, channels, messages; `payloads` is how the vendor writes them down
    rights        permissions
    mentions      whom a message calls
    limits        how fast a bot may call
    faults        what goes wrong on request
    errors        how the API refuses
    uploads       files, and the CDN

Behaviour follows https://docs.discord.com/developers; where the vendor says nothing, it is what was seen, or the
stricter of what is possible. Nothing of the bot is imported.
"""
