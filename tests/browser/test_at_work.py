"""Chat and desk as people use them all day: what the header says, drafts over a reload, the keys, the way back."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from bot.web import answers, chat
from tests.browser.office import Office, open_office
from tests.browser.rig import Pages
from tests.fakes.servers import free_port

FIGURE = re.compile("Reply (time|within)")
"""What the header says to who waits for nothing, whether a refresh has come between or not."""

# --- the customer ----------------------------------------------------------------------------------------------


async def test_the_header_tells_the_visitors_own_wait(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "ALIVE_EVERY_S", 0.3)
    customer, agent = await office.customer("Aino"), await office.agent()
    header = customer.page.locator("#sign")
    await expect(header).to_contain_text(FIGURE)
    await customer.writes("Where is my parcel?")
    await expect(header).to_contain_text("You are in the queue")
    await agent.claims("Aino")
    await expect(header).to_contain_text("Somebody is answering you")
    await agent.replies("It left this morning.")
    await expect(header).to_contain_text(FIGURE)


async def test_what_is_half_written_is_there_after_a_reload(office: Office) -> None:
    customer = await office.customer("Aino")
    await customer.page.fill("#text", "I was about to say")
    await customer.page.reload()
    await expect(customer.page.locator("#text")).to_have_value("I was about to say")
    await customer.page.press("#text", "Enter")
    await customer.is_acknowledged("Aino")
    await customer.page.reload()
    await expect(customer.page.locator("#text")).to_have_value("")


async def test_who_writes_too_fast_is_told_so_and_nothing_changes_places(
    office: Office, page_of: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    page_of.allow("429")
    monkeypatch.setattr(chat, "MESSAGES", (3, 2.0))
    customer = await office.customer("Aino")
    said = [f"Message {number}." for number in range(9)]
    for text in said:
        await customer.writes(text)
    await expect(customer.page.locator(".fate", has_text="You write faster")).not_to_have_count(0)
    own = customer.page.locator(".own .bubble")
    assert await own.all_inner_texts() == said
    await expect(customer.page.locator(".pending")).to_have_count(0)
    assert await own.all_inner_texts() == said


async def test_times_of_a_desk_far_away_are_said_to_be_its_own(store_url: str, page_of: Pages) -> None:
    hours = {"time_zone": "Europe/Helsinki", "mon-sun": "00:00-24:00"}
    queues = {"support": {"hours": hours}}
    async with open_office(store_url, page_of, queues=queues) as office:
        customer = await office.customer("Aino")
        await expect(customer.page.locator("#zone")).to_have_text("Time zone: Helsinki")
        near = await office.customer("Aino", timezone_id="Europe/Helsinki")
        await expect(near.page.locator("#zone")).to_be_hidden()


# --- the desk ------------------------------------------------------------------------------------------------


async def test_what_is_typed_after_a_claim_is_no_reply_by_accident(office: Office) -> None:
    customer, agent = await office.customer("Aino"), await office.agent()
    await customer.writes("Where is my parcel?")
    await expect(agent.page.locator(".rows button")).to_have_count(1)
    keyboard = agent.page.keyboard
    await keyboard.press("c")
    await expect(agent.page.locator("#acts [data-act=close]")).to_be_visible()
    await keyboard.press("n")
    await keyboard.type("a secret note")
    await keyboard.press("Enter")
    await expect(agent.page.locator("#talk .note .bubble")).to_have_text("a secret note")
    await keyboard.type("and this is for you")
    await keyboard.press("Enter")
    await customer.sees("and this is for you")
    assert not any("secret" in text for text in await customer.said())


async def test_the_agent_who_has_the_case_sees_that_the_customer_writes(office: Office) -> None:
    customer, anna, ben = await office.customer("Aino"), await office.agent("anna"), await office.agent("ben")
    await customer.writes("Where is my parcel?")
    await ben.page.click(".rows button:has-text('Aino')")
    await anna.claims("Aino")
    await customer.page.locator("#text").press_sequentially("And one")
    await expect(anna.page.locator("#typing")).to_be_visible()
    await expect(ben.page.locator("#typing")).to_be_hidden()
    await customer.page.press("#text", "Enter")
    await anna.sees("And one")
    await expect(anna.page.locator("#typing")).to_be_hidden()


async def test_a_reload_opens_the_case_and_its_draft_again(office: Office) -> None:
    customer, agent = await office.customer("Aino"), await office.agent()
    await customer.writes("Where is my parcel?")
    await agent.claims("Aino")
    await agent.page.click("[name=kind][value=note]")
    await agent.page.fill("#text", "do not tell them")
    await agent.page.reload()
    await agent.sees("Where is my parcel?")
    await expect(agent.page.locator("#text")).to_have_value("do not tell them")
    await expect(agent.page.locator("[name=kind][value=note]")).to_be_checked()


async def test_on_a_phone_back_leads_to_the_list(office: Office) -> None:
    customer, agent = await office.customer("Aino"), await office.agent(width=360)
    await customer.writes("Where is my parcel?")
    await agent.page.click(".rows button")
    await expect(agent.page.locator("#lists")).to_be_hidden()
    await agent.page.go_back()
    await expect(agent.page.locator("#lists")).to_be_visible()
    await agent.page.click(".rows button")
    await agent.page.click("#back")
    await expect(agent.page.locator("#lists")).to_be_visible()


async def test_nothing_can_be_written_to_a_case_that_has_ended(office: Office) -> None:
    customer, agent = await office.customer("Aino"), await office.agent()
    await customer.writes("Where is my parcel?")
    await agent.claims("Aino")
    await agent.page.click("#acts [data-act=close]")
    await expect(agent.page.locator("#composer")).to_be_hidden()
    await expect(agent.page.locator("#facts")).to_contain_text("closed")


async def test_answers_are_put_away_with_escape(office: Office) -> None:
    customer, agent = await office.customer("Aino"), await office.agent()
    await customer.writes("Where is my parcel?")
    await agent.claims("Aino")
    await agent.page.fill("#text", "/help")
    await agent.page.press("#text", "Escape")
    await agent.page.press("#text", "Enter")
    await expect(agent.page.locator("#news div")).to_have_count(1)
    await agent.page.press("#text", "Escape")
    await agent.page.keyboard.press("Escape")
    await expect(agent.page.locator("#news div")).to_have_count(0)
    await agent.sees("Where is my parcel?")


async def test_who_is_invited_to_another_chat_goes_on_there_with_their_case(
    store_url: str, page_of: Pages
) -> None:
    site = {"adapter": "web", "queue": "support", "agents": ["anna"]}
    at = f"127.0.0.1:{free_port()}"
    server = {"listen": at, "public_url": f"http://{at}"}
    async with open_office(store_url, page_of, channels={"site": site, "vip": site}, server=server) as office:
        before, agent = await office.customer("Aino"), await office.agent()
        await before.writes("Where is my parcel?")
        await agent.claims("Aino")
        await agent.page.fill("#text", "/invite vip")
        await agent.page.press("#text", "Enter")
        invited = before.page.locator(".bubble", has_text="#start=")
        link = re.search(r"http://\S+#start=\w+", await invited.inner_text())
        assert link is not None
        page = await page_of(link[0], 360, beside=before.page)
        await expect(page.locator("#text")).to_have_value(re.compile(r"/start [A-Z2-7]{16}"))
        assert page.url == f"{office.address}/chat/vip"
        await page.press("#text", "Enter")
        await expect(page.locator(".bubble", has_text="We go on with your case here")).to_have_count(1)
        await agent.replies("It left this morning.")
        await expect(page.locator(".bubble", has_text="It left this morning")).to_have_count(1)
