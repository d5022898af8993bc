"""The chat and the desk on bad days: wrong clocks, several windows, forbidden memory, slow files, faster colleagues."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from playwright.async_api import FilePayload, Page, Route, expect

from tests.browser.office import Customer, Office, open_office
from tests.browser.rig import Pages
from tests.fakes.browser import PNG

PICTURE: FilePayload = {"name": "box.png", "mimeType": "image/png", "buffer": PNG}


# --- the customer ----------------------------------------------------------------------------------------------


async def test_a_device_whose_clock_is_wrong_shows_what_was_said_in_order(office: Office) -> None:
    customer = await office.customer("Aino")
    await customer.page.evaluate("const now = Date.now; Date.now = () => now() + 600000")
    for number in range(5):
        await customer.writes(f"Question {number}")
        await expect(customer.page.locator(".pending")).to_have_count(0)
        await customer.is_told(f"Answer {number}")
        await customer.sees(f"Answer {number}")
    said = [text for text in await customer.said() if text[:2] in ("Qu", "An")]
    assert said == [f"{what} {number}" for number in range(5) for what in ("Question", "Answer")]


async def test_what_two_windows_could_not_send_is_all_sent_later(office: Office, page_of: Pages) -> None:
    page_of.allow("ERR_FAILED")
    first = await office.customer("Aino")
    second = Customer(await page_of(first.page.url, beside=first.page), office.bot)
    context = first.page.context
    await context.route("**/messages*", lambda route: route.abort())
    for window, text in ((first, "Page 1"), (second, "Page 2"), (first, "Page 3")):
        await window.writes(text)
        await expect(window.page.locator(".pending", has_text=text)).to_have_count(1)
    address = first.page.url
    await first.page.close()
    await second.page.close()
    await context.unroute("**/messages*")
    page = await context.new_page()
    await page.goto(address)
    for text in ("Page 1", "Page 2", "Page 3"):
        await Customer(page, office.bot).sees(text)
    await expect(page.locator(".pending")).to_have_count(0)
    (case_id,) = await office.bot.parts.store.waiting("support", 10)
    said = await office.bot.parts.store.transcript("support", case_id)
    assert [entry["text"] for entry in said if entry["by"] == "customer"] == ["Page 1", "Page 2", "Page 3"]


FORBIDDEN = """
Object.defineProperty(window, "localStorage", {get() { throw new DOMException("no", "SecurityError"); }});
"""
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"


async def test_a_browser_that_may_remember_nothing_can_chat(office: Office) -> None:
    for number, hindrance in enumerate((FORBIDDEN, FULL)):
        customer = await office.customer("")
        await customer.page.context.add_init_script(hindrance)
        await customer.page.reload()
        await customer.page.fill("#name", f"Aino {number}")
        await customer.writes("Where is my parcel?")
        await customer.is_acknowledged(f"Aino {number}")


async def test_who_is_told_to_come_later_does(office: Office, page_of: Pages) -> None:
    page_of.allow("503")
    customer = await office.customer("Aino")
    await customer.writes("Hello")
    await customer.is_acknowledged("Aino")
    tried: list[float] = []

    async def later(route: Route) -> None:
        tried.append(asyncio.get_running_loop().time())
        await route.fulfill(status=503, headers={"Retry-After": "1"}, body="{}")

    await customer.page.route("**/messages*", later)
    await customer.writes("Are you there?")
    for number in range(10):
        await customer.is_told(f"Line {number}.")
        await customer.sees(f"Line {number}.")
    while len(tried) < 5:
        await customer.page.wait_for_timeout(50)
    assert min(after - before for before, after in pairwise(tried)) > 0.9


async def test_a_reply_of_nothing_but_a_file_can_be_taken_back(office: Office) -> None:
    customer = await office.customer("Aino")
    await customer.writes("Hello")
    await customer.is_acknowledged("Aino")
    ref = await office.bot.parts.boxes["site"].keep_file(await customer.conversation(), PNG)
    file = {"ref": ref, "kind": "photo", "name": "map.png", "mime": "image/png", "size": len(PNG)}
    reply = await customer.is_told("", files=[file])
    await expect(customer.page.locator("#talk img")).to_have_count(1)
    await customer.is_told(None, kind="edit", id=reply)
    await customer.sees("This message was deleted")
    await expect(customer.page.locator("#talk img")).to_have_count(0)


async def test_enter_that_ends_a_character_sends_nothing(office: Office) -> None:
    customer = await office.customer("Aino")
    await customer.page.fill("#text", "こんにちは")
    composing = "field => field.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', keyCode: 229}))"
    await customer.page.locator("#text").evaluate(composing)
    await expect(customer.page.locator("#text")).to_have_value("こんにちは")
    assert await customer.page.locator(".bubble").count() == 0


async def test_a_message_waits_for_its_file(office: Office) -> None:
    customer, uploaded = await office.customer("Aino"), asyncio.Event()

    async def slowly(route: Route) -> None:
        await uploaded.wait()
        await route.continue_()

    await customer.page.route("**/files*", slowly)
    await customer.page.set_input_files("#attach", [PICTURE])
    await expect(customer.page.locator("#files li")).to_contain_text("Sending")
    await customer.writes("It looks like this")
    assert await customer.page.locator(".bubble").count() == 0
    uploaded.set()
    row = customer.page.locator("#talk li", has_text="It looks like this")
    await expect(row.locator("img")).to_have_count(1)
    await expect(customer.page.locator("#files li")).to_have_count(0)


async def test_more_files_than_a_message_may_have_go_with_the_next(office: Office) -> None:
    customer = await office.customer("Aino")
    eleven: list[FilePayload] = [
        {"name": f"{n}.png", "mimeType": "image/png", "buffer": PNG} for n in range(11)
    ]
    await customer.page.set_input_files("#attach", eleven)
    await customer.writes("Many pictures")
    await expect(customer.page.locator("#talk img")).to_have_count(10)
    await expect(customer.page.locator("#files li")).to_have_count(1)


async def test_no_room_for_a_file_is_told(store_url: str, page_of: Pages) -> None:
    page_of.allow("507")
    async with open_office(store_url, page_of, limits={"visitor_files_bytes": 10}) as office:
        customer = await office.customer("Aino", locale="fi-FI")
        await customer.page.set_input_files("#attach", [PICTURE])
        await expect(customer.page.locator(".alarm")).to_have_text("Tiedostolle box.png ei ole enää tilaa")
        await expect(customer.page.locator("#files li")).to_have_count(0)


# --- the desk --------------------------------------------------------------------------------------------------


async def two_cases(office: Office) -> None:
    """Aino and Otso have written."""
    for name in ("Aino", "Otso"):
        customer = await office.customer(name)
        await customer.writes(f"I am {name}")
        await customer.is_acknowledged(name)


async def test_what_is_written_to_one_customer_never_reaches_another(office: Office) -> None:
    """Neither a file that was chosen, nor a note that would have become a reply."""
    await two_cases(office)
    agent = (await office.agent()).page
    await agent.click(".rows button:has-text('Aino')")
    await agent.check("[name=kind][value=note]")
    await agent.fill("#text", "Aino is difficult")
    await agent.set_input_files("#attach", [PICTURE])
    await expect(agent.locator("#files li")).to_have_text("box.png×")
    await agent.click(".rows button:has-text('Otso')")
    await expect(agent.locator("#who")).to_have_text("Otso")
    await expect(agent.locator("#files li")).to_have_count(0)
    await expect(agent.locator("#text")).to_have_value("")
    await expect(agent.locator("[name=kind][value=reply]")).to_be_checked()
    await agent.click(".rows button:has-text('Aino')")
    await expect(agent.locator("#text")).to_have_value("Aino is difficult")
    await expect(agent.locator("[name=kind][value=note]")).to_be_checked()
    await expect(agent.locator("#files li")).to_have_count(1)


async def test_a_list_that_changes_can_be_clicked(office: Office) -> None:
    await two_cases(office)
    agent = (await office.agent()).page
    button = await agent.locator(".rows button", has_text="Otso").bounding_box()
    assert button is not None
    await agent.mouse.move(button["x"] + 20, button["y"] + 20)
    await agent.mouse.down()
    third = await office.customer("Väinö")
    await third.writes("Hello")
    await expect(agent.locator(".rows button")).to_have_count(3)
    await agent.mouse.up()
    await expect(agent.locator("#who")).to_have_text("Otso")


async def test_what_was_read_aloud_is_not_read_again(office: Office) -> None:
    """The case is a live region: what is put into it anew is spoken, marks and all."""
    customer, agent = await office.customer("Aino"), await office.agent()
    await customer.writes("Hello")
    await agent.claims("Aino")
    await agent.sees("Hello")
    await agent.page.evaluate("document.querySelector('#talk li').old = true")
    await customer.writes("Are you there?")
    await agent.sees("Are you there?")
    assert await agent.page.evaluate("document.querySelector('#talk li').old") is True


async def test_replies_arrive_in_the_order_they_were_written(office: Office, page_of: Pages) -> None:
    page_of.allow("503")
    customer, agent = await office.customer("Aino"), await office.agent()
    await customer.writes("Hello")
    await agent.claims("Aino")
    tried = 0

    async def fails_once(route: Route) -> None:
        nonlocal tried
        tried += 1
        if tried == 1:
            await route.fulfill(status=503, headers={"Retry-After": "1"}, body="{}")
        else:
            await route.continue_()

    await agent.page.route("**/commands*", fails_once)
    for text in ("First", "Second", "Third"):
        await agent.page.fill("#text", text)
        await agent.page.press("#text", "Enter")
    await customer.sees("Third")
    assert (await customer.said())[-3:] == ["First", "Second", "Third"]


@pytest.mark.parametrize("goes_on", [False, True])
async def test_a_reply_that_is_refused_is_not_lost(office: Office, goes_on: bool) -> None:
    """Ben writes to a case that Anna closes; perhaps he has gone on to another one when he is told."""
    await two_cases(office)
    anna, ben = await office.agent("anna"), (await office.agent("ben")).page
    await anna.claims("Aino")
    await ben.click(".rows button:has-text('Aino')")
    await expect(ben.locator("#who")).to_have_text("Aino")
    held, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(route: Route) -> None:
        held.set()
        await go_on.wait()
        await route.continue_()

    await ben.route("**/commands*", slowly)
    await ben.fill("#text", "A long answer")
    await ben.press("#text", "Enter")
    await held.wait()
    await anna.page.click("#acts [data-act=close]")
    await expect(anna.page.locator("#acts button")).to_have_count(0)
    if goes_on:
        await ben.click(".rows button:has-text('Otso')")
        await expect(ben.locator("#who")).to_have_text("Otso")
    go_on.set()
    if goes_on:
        await expect(ben.locator("#news .bad", has_text="A long answer")).to_have_count(1)
        return
    await expect(ben.locator("#news .bad")).to_have_count(1)
    await expect(ben.locator("#text")).to_have_value("A long answer")
    await expect(ben.locator("#talk .fate")).to_have_count(0)


async def test_a_case_that_others_serve_now_is_not_shown_any_more(store_url: str, page_of: Pages) -> None:
    page_of.allow("404")
    tables: dict[str, Any] = {
        "queues": {"support": {}, "billing": {"team": ["bank"]}},
        "channels": {
            "site": {"adapter": "web", "queue": "support", "agents": ["anna", "ben"]},
            "bank": {"adapter": "web", "queue": "billing", "agents": ["ida"]},
        },
    }
    async with open_office(store_url, page_of, **tables) as office:
        customer = await office.customer("Aino")
        await customer.writes("My invoice is wrong")
        page = await office.pages(await office.link())
        await page.click("#enter button")
        await page.click(".rows button:has-text('Aino')")
        await page.fill("#text", "/transfer billing")
        await page.press("#text", "Enter")
        await expect(page.locator("#choose")).to_be_visible()
        await expect(page.locator("#open")).to_be_hidden()
        await expect(page.locator(".rows button")).to_have_count(0)


async def test_a_closed_case_is_not_asked_for_again_and_again(office: Office) -> None:
    await two_cases(office)
    agent = await office.agent()
    await agent.claims("Aino")
    await agent.page.click("#acts [data-act=close]")
    await expect(agent.page.locator("#acts button")).to_have_count(0)
    await expect(agent.page.locator(".rows button")).to_have_count(1)
    asked: list[str] = []
    agent.page.on("request", lambda request: asked.append(request.url))
    third = await office.customer("Väinö")
    await third.writes("Hello")
    await expect(agent.page.locator(".rows button")).to_have_count(2)
    assert [url for url in asked if "/desk/cases/" in url] == []


async def test_whoever_was_signed_out_meanwhile_learns_it(office: Office, page_of: Pages) -> None:
    page_of.allow("ERR_INTERNET_DISCONNECTED|401")
    page: Page = (await office.agent()).page
    await page.context.set_offline(True)
    await expect(page.locator("#offline")).to_be_visible()
    client = office.bot.parts.connection.client
    async for key in client.scan_iter(match="jono:*:session:*"):
        await client.delete(key)
    await page.context.set_offline(False)
    await expect(page.locator("body")).to_contain_text("jono agent link")


async def test_an_answer_is_told_where_it_was_asked_for(office: Office, page_of: Pages) -> None:
    customer, agent = await office.customer("Aino"), await office.agent()
    await customer.writes("Hello")
    second = await page_of(f"{office.address}/desk", beside=agent.page)
    for page in (second, agent.page):
        await page.click(".rows button:has-text('Aino')")
    await agent.page.fill("#text", "/queue")
    await agent.page.press("#text", "Enter")
    await expect(agent.page.locator("#news > div")).to_have_count(1)
    await agent.page.click("#acts [data-act=claim]")
    await expect(second.locator("#acts [data-act=close]")).to_be_visible()
    await expect(second.locator("#news > div")).to_have_count(0)
