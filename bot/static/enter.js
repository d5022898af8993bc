// The link's secret stands behind the #: it is in no log, and no preview of the link can use it up. It is sent when the
// agent says so, and taken out of the address and the history.
const secret = location.hash.slice(1);
const wrong = document.getElementById("wrong");
const { dead, offline } = document.body.dataset;
history.replaceState(null, "", location.pathname + location.search);

document.getElementById("enter").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const answer = await fetch("/desk/session", { method: "POST", body: JSON.stringify({ secret }) });
    if (answer.ok) location.replace("/desk" + location.search);
    else wrong.textContent = answer.status === 401 ? dead : (await answer.json()).error;
  } catch {
    wrong.textContent = offline;
  }
});
