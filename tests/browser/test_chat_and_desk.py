"""A customer and an agent in two browsers, from the first message to the end of the case."""

from __future__ import annotations

import pytest
from playwright.async_api import FilePayload, expect

from tests.bot.signs import HOSTILE_NAMES
from tests.browser.office import Office, open_office
from tests.browser.rig import Pages, axe
from tests.fakes.browser import PNG
from tests.fakes.servers import free_port

GREETINGS = {
    "en": "Hello, where is my parcel?",
    "fi": "Hei, missä pakettini on?",
    "pl": "Dzień dobry, gdzie jest moja paczka?",
    "ar": "مرحبا، أين طردي؟",
    "he": "שלום, איפה החבילה שלי?",
    "hi": "नमस्ते, मेरा पार्सल कहाँ है?",
    "th": "สวัสดี พัสดุของฉันอยู่ที่ไหน",
    "zh": "你好，我的包裹在哪里？",
    "ja": "こんにちは、荷物はどこですか？",
    "el": "Γεια σας, πού είναι το δέμα μου;",
}
FROM_THE_RIGHT = {"ar", "he"}


async def test_from_the_first_message_to_the_last_word(office: Office) -> None:
    customer, agent = await office.customer("Aino"), await office.agent()
    await customer.writes("Where is my parcel?")
    await customer.is_acknowledged("Aino")
    await expect(agent.page.locator(".rows .preview")).to_have_text("Where is my parcel?")
    await agent.claims("Aino")
    await agent.sees("Where is my parcel?")

    await agent.page.locator("#text").press_sequentially("It left")
    await expect(customer.page.locator("#typing")).to_be_visible()
    await agent.replies("It left this morning.")
    await customer.sees("It left this morning.")
    await expect(customer.page.locator("#typing")).to_be_hidden()

    await customer.writes("Thank you!")
    await agent.sees("Thank you!")
    await agent.page.click("#acts [data-act=close]")
    await expect(agent.page.locator(".rows button")).to_have_count(0)


async def test_a_reload_and_a_second_tab_show_the_same_conversation(office: Office, page_of: Pages) -> None:
    customer, agent = await office.customer("Aino"), await office.agent()
    await customer.writes("Where is my parcel?")
    await agent.claims("Aino")
    await agent.replies("It left this morning.")
    await customer.sees("It left this morning.")
    before = await customer.said()

    await customer.page.reload()
    await customer.sees("It left this morning.")
    assert await customer.said() == before
    second = type(customer)(await page_of(customer.page.url, beside=customer.page), office.bot)
    await second.sees("It left this morning.")
    assert await second.said() == before

    await second.writes("When will it come?")
    await customer.sees("When will it come?")
    assert await customer.said() == [*before, "When will it come?"]


async def test_nobody_else_sees_a_conversation(office: Office) -> None:
    aino, otso = await office.customer("Aino"), await office.customer("Otso")
    await aino.writes("My card number is a secret")
    await aino.is_acknowledged("Aino")
    await otso.writes("Moi")
    await otso.is_acknowledged("Otso")
    assert not any("secret" in text for text in await otso.said())


async def test_what_is_written_without_a_connection_is_sent_when_it_is_back(
    office: Office, page_of: Pages
) -> None:
    page_of.allow("ERR_INTERNET_DISCONNECTED")
    customer, agent = await office.customer("Aino"), await office.agent()
    await customer.writes("One")
    await customer.is_acknowledged("Aino")
    await customer.page.context.set_offline(True)
    await customer.writes("Two")
    await expect(customer.page.locator("#offline")).to_be_visible()
    await customer.writes("Three")
    await expect(customer.page.locator(".pending")).to_have_count(2)
    await customer.page.context.set_offline(False)
    await expect(customer.page.locator(".pending")).to_have_count(0)
    await expect(customer.page.locator("#offline")).to_be_hidden()
    await agent.claims("Aino")
    await agent.sees("Three")
    assert await agent.page.locator("#talk .bubble").all_inner_texts() == ["One", "Two", "Three"]


async def test_a_bot_that_was_away_loses_nothing(store_url: str, page_of: Pages) -> None:
    page_of.allow(
        r"ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE"
    )
    server = {"listen": f"127.0.0.1:{free_port()}"}
    async with open_office(store_url, page_of, outlived=True, server=server) as office:
        customer = await office.customer("Aino")
        await customer.writes("One")
        await customer.is_acknowledged("Aino")
    await expect(customer.page.locator("#offline")).to_be_visible()
    await customer.writes("Two")
    async with open_office(store_url, page_of, server=server) as office:
        await expect(customer.page.locator("#offline")).to_be_hidden()
        await expect(customer.page.locator(".pending")).to_have_count(0)
        agent = await office.agent()
        await agent.claims("Aino")
        await agent.sees("Two")
        await agent.replies("Here we are again.")
        await customer.sees("Here we are again.")
        assert (await customer.said()).count("One") == 1


async def test_ten_languages_stand_in_one_conversation_each_in_its_direction(office: Office) -> None:
    customer, agent = await office.customer("שרה"), await office.agent()
    for text in GREETINGS.values():
        await customer.writes(text)
    await agent.claims("שרה")
    for page in (customer.page, agent.page):
        for language, text in GREETINGS.items():
            bubble = page.locator("#talk .bubble", has_text=text)
            await expect(bubble).to_have_count(1)
            direction = await bubble.evaluate("bubble => getComputedStyle(bubble).direction")
            assert direction == ("rtl" if language in FROM_THE_RIGHT else "ltr"), language
    await office.pages.shot(customer.page, "chat")
    await office.pages.shot(agent.page, "desk")


async def test_two_hundred_messages_are_shown_in_order_and_the_last_is_in_sight(office: Office) -> None:
    customer = await office.customer("Aino")
    await customer.writes("Tell me everything")
    await customer.is_acknowledged("Aino")
    at = office.bot.parts.clock.real()
    for number in range(200):
        await customer.is_told(f"Line {number}.", at=at + number / 1000)
    await customer.sees("Line 199.")
    await customer.page.reload()
    await expect(customer.page.locator(".bubble")).to_have_count(202)
    assert (await customer.said())[2:] == [f"Line {number}." for number in range(200)]
    await expect(customer.page.locator(".bubble", has_text="Line 199.")).to_be_in_viewport()


async def test_files_go_both_ways(office: Office) -> None:
    customer, agent = await office.customer("Aino"), await office.agent()
    picture: FilePayload = {"name": "box.png", "mimeType": "image/png", "buffer": PNG}
    await customer.page.set_input_files("#attach", [picture])
    await expect(customer.page.locator("#files li")).to_have_count(1)
    await customer.writes("It looks like this")
    await agent.claims("Aino")
    shown = agent.page.locator("#talk img")
    await expect(shown).to_have_count(1)
    await expect(shown).to_have_js_property("naturalWidth", 1)
    assert await shown.get_attribute("alt") == "box.png"

    page: FilePayload = {
        "name": "bill.html",
        "mimeType": "text/html",
        "buffer": b"<script>window.pwned = 1</script>",
    }
    await agent.page.set_input_files("#attach", [page])
    await agent.page.fill("#text", "Here is the bill")
    await agent.page.press("#text", "Enter")
    link = customer.page.locator(".attachment", has_text="bill.html")
    await expect(link).to_have_count(1)
    async with customer.page.expect_download() as download:
        await link.click()
    assert (await download.value).suggested_filename == "bill.html"


async def test_a_file_that_is_too_large_is_told_before_it_is_sent(store_url: str, page_of: Pages) -> None:
    channels = {"site": {"adapter": "web", "queue": "support", "agents": ["anna"], "file_bytes": 1_000}}
    async with open_office(store_url, page_of, channels=channels) as office:
        customer = await office.customer("Aino")
        large: FilePayload = {"name": "film.mp4", "mimeType": "video/mp4", "buffer": bytes(1_001)}
        await customer.page.set_input_files("#attach", [large])
        await expect(customer.page.locator(".alarm")).to_have_text("film.mp4 is too large")


async def test_nothing_that_people_write_is_ever_run(office: Office) -> None:
    """Names and texts of 200 kinds, each trying to run a script in the chat or at the desk."""
    customer, agent = await office.customer(HOSTILE_NAMES[1]), await office.agent()
    await customer.writes("Hello")
    await expect(agent.page.locator(".rows button")).to_have_count(1)
    await agent.page.click(".rows button")
    # A lone surrogate is no text: nobody can post one.
    names = [name.encode("utf-8", "replace").decode() for name in HOSTILE_NAMES]
    payloads = [f"{name} {number}" for number, name in enumerate(names)]
    assert len(payloads) == 200
    conversation = await customer.conversation()
    for text in payloads:
        file = {"ref": f"{conversation}/x", "kind": "document", "name": text, "mime": text, "size": 1}
        await customer.is_told(text, files=[file])
    for text in payloads[:15]:
        await customer.writes(text)
    await expect(customer.page.locator(".bubble")).to_have_count(1 + 1 + 200 + 15)
    await agent.sees(payloads[14])
    for page in (customer.page, agent.page):
        assert await page.evaluate("window.pwned") is None
        assert await page.locator("main script, main iframe, main object").count() == 0


# --- the desk ------------------------------------------------------------------------------------------------


async def test_a_case_is_worked_on_with_the_keyboard_alone(office: Office) -> None:
    customer, agent = await office.customer("Aino"), await office.agent()
    await customer.writes("Where is my parcel?")
    await expect(agent.page.locator(".rows button")).to_have_count(1)
    keyboard = agent.page.keyboard
    await keyboard.press("c")
    await expect(agent.page.locator("#who")).to_have_text("Aino")
    await keyboard.press("r")
    await expect(agent.page.locator("#text")).to_be_focused()
    await keyboard.type("It left this morning.")
    await keyboard.press("Enter")
    await customer.sees("It left this morning.")
    await keyboard.press("Escape")
    await keyboard.press("n")
    await keyboard.type("a regular customer")
    await keyboard.press("Enter")
    await expect(agent.page.locator("#talk .note .bubble")).to_have_text("a regular customer")
    await keyboard.press("Escape")
    await keyboard.press("x")
    await expect(agent.page.locator(".rows button")).to_have_count(0)
    assert not any("regular" in text for text in await customer.said())


async def test_slash_commands_are_completed_and_carried_out(office: Office) -> None:
    customer, agent = await office.customer("Aino"), await office.agent()
    await customer.writes("My invoice is wrong")
    await agent.claims("Aino")
    await agent.page.fill("#text", "/tr")
    await expect(agent.page.locator("#completions li")).to_have_count(1)
    await agent.page.press("#text", "Tab")
    await agent.page.locator("#text").press_sequentially("bil")
    await expect(agent.page.locator("#completions li")).to_have_text("billing")
    await agent.page.press("#text", "Enter")
    await agent.page.press("#text", "Enter")
    await expect(agent.page.locator("#facts")).to_contain_text("Billing")
    await customer.sees("Billing")


async def test_of_two_agents_one_gets_the_case_and_the_other_is_told_who(office: Office) -> None:
    customer = await office.customer("Aino")
    await customer.writes("Where is my parcel?")
    anna, ben = await office.agent("anna"), await office.agent("ben")
    for agent in (anna, ben):
        await agent.page.click(".rows button:has-text('Aino')")
    await anna.page.click("#acts [data-act=claim]")
    await expect(anna.page.locator("#acts [data-act=close]")).to_be_visible()
    await ben.page.evaluate("0")
    await ben.page.keyboard.press("Escape")
    await expect(ben.page.locator("#lists")).to_contain_text("held by Anna")
    await ben.page.click("#acts [data-act=claim]")
    await expect(ben.page.locator("#news")).to_contain_text("Anna")


async def test_a_link_works_once_and_signing_out_ends_it(office: Office, page_of: Pages) -> None:
    page_of.allow("401")
    link = await office.link()
    page = await page_of(link)
    assert "#" not in page.url
    await page.click("#enter button")
    await expect(page.locator("#duty")).to_be_visible()
    again = await page_of(link)
    await again.click("#enter button")
    await expect(again.locator("#wrong")).to_contain_text("used or is too old")
    await page.click("#leave")
    await expect(page.locator("body")).to_contain_text("jono agent link")


# --- how it looks, and for whom it works -----------------------------------------------------------------------


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_every_page_is_accessible(office: Office, page_of: Pages, dark: bool) -> None:
    page_of.allow("401")
    customer = await office.customer("Aino", dark=dark)
    agent = await office.agent(dark=dark)
    await customer.writes("Where is my parcel?")
    await customer.is_acknowledged("Aino")
    await agent.claims("Aino")
    await agent.replies("It left this morning.")
    await customer.sees("It left this morning.")
    assert await axe(customer.page) == []
    assert await axe(agent.page) == []
    await agent.page.fill("#text", "/")
    await expect(agent.page.locator("#completions")).to_be_visible()
    assert await axe(agent.page) == []
    await agent.page.press("#text", "Escape")
    await agent.page.click("#keys-button")
    assert await axe(agent.page) == []
    for path in ("/desk", "/desk/enter"):
        assert await axe(await page_of(office.address + path, dark=dark)) == []


async def test_the_pages_fit_every_screen(office: Office) -> None:
    for width in (360, 768, 1440):
        for dark in (False, True):
            await look_at_both(office, width, dark)


async def look_at_both(office: Office, width: int, dark: bool) -> None:
    """A customer and an agent at screens of this width: nothing sticks out, and pictures are kept."""
    name = f"Aino {width} {'dark' if dark else 'light'}"
    customer = await office.customer(name, width=width, dark=dark)
    agent = await office.agent(width=width, dark=dark)
    await customer.writes("Where is my parcel? It was to come on Monday, and I have heard nothing since.")
    await expect(agent.page.locator(".rows button", has_text=name)).to_be_visible()
    await office.pages.shot(agent.page, f"{name}-list")
    await agent.claims(name)
    await agent.replies("It left this morning; you should have it tomorrow.")
    await customer.sees("It left this morning")
    for page, part in ((customer.page, "chat"), (agent.page, "case")):
        root = "document.documentElement"
        overflow = await page.evaluate(
            f"[{root}.scrollWidth - innerWidth, {root}.scrollHeight - innerHeight]"
        )
        assert max(overflow) <= 0, f"{part} is {overflow} px too large"
        await office.pages.shot(page, f"{name}-{part}")
