"""Who comes to the simulated floor, and what they say: the people and texts of `jono demo`.

Answers with customers whose whole plan is drawn beforehand, so that a seed gives the same people however the
rest of the run goes. Never sends or waits for anything. All lengths are seconds of desk time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.clock import Chance

AGENTS = ("Noor", "Elias", "Hania", "Tom", "Sanni", "Piotr", "Maya", "Oskari", "Lena", "Kuba")

LANGUAGES: Mapping[str, int] = {"en-GB": 5, "fi": 3, "pl-PL": 2}
"""The customers' languages, and how many of ten speak each."""

MORE_SHARE, ASKING_SHARE, IMPATIENT_SHARE, RETURNING_SHARE = 0.25, 0.12, 0.06, 0.12

FIRST_NAMES: Mapping[str, Sequence[str]] = {
    "en": ("Alice", "Ben", "Chloe", "Daniel", "Emma", "George", "Isla", "Jack", "Priya", "Samuel"),
    "fi": ("Aino", "Eero", "Helmi", "Juhani", "Kaisa", "Lauri", "Milla", "Onni", "Tuuli", "Väinö"),
    "pl": (
        "Agnieszka",
        "Bartek",
        "Celina",
        "Filip",
        "Jagoda",
        "Łukasz",
        "Marta",
        "Stanisław",
        "Zofia",
        "Żaneta",
    ),
}
LAST_NAMES: Mapping[str, Sequence[str]] = {
    "en": ("Baker", "Clarke", "Evans", "Hughes", "Mitchell", "Patel", "Reid", "Walker"),
    "fi": ("Heikkinen", "Koskela", "Laine", "Mäkelä", "Niemi", "Rantanen", "Salo", "Virtanen"),
    "pl": ("Duda", "Kaczmarek", "Krawczyk", "Mazur", "Nowak", "Wójcik", "Wrona", "Zając"),
}
FIRST: Mapping[str, Sequence[str]] = {
    "en": (
        "Where is my order {order}? The tracking has not moved for two days.",
        "The tent in order {order} arrived with a torn seam. Can you send a new one?",
        "I would like to return the boots from order {order}. How does that work?",
        "My discount was not taken off order {order}.",
        "Can I still change the address for order {order}?",
        "I was charged twice for order {order}, could you check?",
    ),
    "fi": (
        "Missä tilaukseni {order} viipyy? Seuranta ei ole liikkunut kahteen päivään.",
        "Tilauksen {order} teltassa on repeytynyt sauma. Voitteko lähettää uuden?",
        "Haluaisin palauttaa tilauksen {order} kengät. Miten se onnistuu?",
        "Alennusta ei vähennetty tilauksesta {order}.",
        "Voinko vielä muuttaa tilauksen {order} toimitusosoitetta?",
        "Minulta veloitettiin tilaus {order} kahteen kertaan, voisitteko tarkistaa?",
    ),
    "pl": (
        "Gdzie jest moje zamówienie {order}? Status przesyłki nie zmienił się od dwóch dni.",
        "Namiot z zamówienia {order} przyszedł z rozdartym szwem. Czy mogę dostać nowy?",
        "Chcę zwrócić buty z zamówienia {order}. Jak to zrobić?",
        "Rabat nie został naliczony w zamówieniu {order}.",
        "Czy mogę jeszcze zmienić adres dostawy zamówienia {order}?",
        "Za zamówienie {order} pobrano opłatę dwa razy, proszę o sprawdzenie.",
    ),
}
MORE: Mapping[str, Sequence[str]] = {
    "en": ("I can send a photo if that helps.", "It is rather urgent: we leave on Friday."),
    "fi": ("Voin lähettää kuvan, jos siitä on apua.", "Asialla on vähän kiire: lähdemme perjantaina."),
    "pl": ("Mogę wysłać zdjęcie, jeśli to pomoże.", "To dość pilne: wyjeżdżamy w piątek."),
}
AGAIN: Mapping[str, Sequence[str]] = {
    "en": ("Order {order} again: the refund has not arrived yet.", "Thanks! One more question on {order}."),
    "fi": ("Vielä tilauksesta {order}: hyvitys ei ole tullut.", "Kiitos! Vielä yksi kysymys: {order}."),
    "pl": ("Znowu zamówienie {order}: zwrot nie dotarł.", "Dziękuję! Mam jeszcze pytanie o {order}."),
}
REPLIES: Mapping[str, Sequence[str]] = {
    "en": (
        "Hi {name}, I have looked into order {order}; the details are in your e-mail.",
        "Thank you for waiting, {name}. Order {order} is sorted out now.",
        "I am sorry about order {order}, {name}. A new parcel leaves our warehouse today.",
    ),
    "fi": (
        "Hei {name}, katsoin tilauksen {order}; tarkemmat tiedot ovat sähköpostissasi.",
        "Kiitos odotuksesta, {name}. Tilaus {order} on nyt kunnossa.",
        "Pahoittelut tilauksesta {order}, {name}. Uusi paketti lähtee varastolta tänään.",
    ),
    "pl": (
        "Dzień dobry, {name}. Zamówienie {order} jest sprawdzone, szczegóły są w e-mailu.",
        "Dziękujemy za cierpliwość, {name}. Sprawa zamówienia {order} jest załatwiona.",
        "Przepraszamy za kłopot z zamówieniem {order}, {name}. Nowa paczka wyjedzie dziś z magazynu.",
    ),
}
NOTES = ("Asked the warehouse.", "Refund approved.", "Regular customer, please be generous.")


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer and what they are going to do; None where they will not.

    `more_after_s` and `asks_after_s` (`/wait`) count from the first message, `patience_s` (`/cancel`) too;
    `returns_after_s` counts from the reply. No two of the texts are alike.
    """

    id: str
    name: str
    language: str
    first: str
    more: str
    again: str
    replies: tuple[str, ...]
    more_after_s: float | None
    asks_after_s: float | None
    patience_s: float | None
    returns_after_s: float | None


def draw_customer(chance: Chance, number: int) -> Customer:
    """The customer with this number; all that they will do is decided here."""
    dice = chance.random
    tag = dice.choices(list(LANGUAGES), weights=list(LANGUAGES.values()))[0]
    language = tag[:2]
    name, order = dice.choice(FIRST_NAMES[language]), 48_000 + number

    def written(texts: Sequence[str]) -> str:
        return dice.choice(texts).format(order=order, name=name)

    return Customer(
        id=f"c-{number}",
        name=f"{name} {dice.choice(LAST_NAMES[language])}",
        language=tag,
        first=written(FIRST[language]),
        more=written(MORE[language]),
        again=written(AGAIN[language]),
        replies=tuple(text.format(order=order, name=name) for text in REPLIES[language]),
        more_after_s=_perhaps(chance, MORE_SHARE, 10, 50),
        asks_after_s=_perhaps(chance, ASKING_SHARE, 180, 720),
        patience_s=_perhaps(chance, IMPATIENT_SHARE, 900, 2_700),
        returns_after_s=_perhaps(chance, RETURNING_SHARE, 600, 3_000),
    )


def _perhaps(chance: Chance, share: float, least_s: float, most_s: float) -> float | None:
    """A length that only a share of people has; every draw is made, so that plans stay independent."""
    drawn_s = chance.random.uniform(least_s, most_s)
    return drawn_s if chance.random.random() < share else None
