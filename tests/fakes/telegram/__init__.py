"""Telegram's Bot API as a process of its own on loopback: it outlives the bot, and its ledger is what tests judge by.

    client    what tests hold in hand: `async with telegram_fake() as telegram`
    ledger    what happened, in order, and what can be counted from it
    server    the HTTP door: tokens, faults, limits, then the method
    control   the tests' door, on a port of its own
    methods   what bots may call: messages, files, reactions
    chats     what bots may call: chats, topics, commands, the profile
    scene     what people do
    world     one bot's world: what is in a chat, and who may write there
    things    people, chats, messages, and how the vendor writes them down
    media     files
    params    the parameters of a call, however they came
    errors    how the Bot API refuses
    updates   what is kept for the bot: getUpdates and the webhook
    pacing    how fast a bot may write
    faults    what goes wrong on request
    words     entities, and what Telegram does to a text

Behaviour follows https://core.telegram.org/bots/api and the published server's source; where the vendor says nothing,
it is the stricter of what is possible. Nothing of the bot is imported.
"""
