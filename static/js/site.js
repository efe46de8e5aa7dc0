// What pages do beyond links and forms. Everything works without it.
(() => {
  "use strict";

  // A toast: what an action came to, told to screen readers too.
  const toast = (text, kind = "success") => {
    const box = document.createElement("div");
    box.className = `note-box ${kind}`;
    box.textContent = text;
    document.getElementById("toasts").append(box);
    setTimeout(() => box.remove(), 8000);
  };
  document.body.addEventListener("toast", (event) => toast(event.detail.value));

  // A page that polls finds its login over: it says so once and stays as it is, with all that was typed.
  document.body.addEventListener("session-ended", (event) => {
    const box = document.getElementById("session-ended");
    const here = encodeURIComponent(location.pathname + location.search);
    box.querySelector("a").href = `${event.detail.value}?next=${here}`;
    box.hidden = false;
    document.querySelectorAll("[hx-trigger^='every']").forEach((element) => htmx.trigger(element, "htmx:abort"));
  });
  const isPoll = (element) => (element.getAttribute("hx-trigger") || "").startsWith("every");
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const over = !document.getElementById("session-ended").hidden;
    if (isPoll(event.detail.elt) && (document.hidden || over)) event.preventDefault();
  });

  // What is open or has the focus inside a part that renews itself stays so; nothing moves under a finger.
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const part = event.detail.target;
    if (part && isPoll(part) && part.querySelector("details[open], input:focus, select:focus, textarea:focus")) {
      event.detail.shouldSwap = false;
    }
  });

  // A form is sent once. The page that comes back from the cache may send it again.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.classList.contains("is-sending")) event.preventDefault();
    form.classList.add("is-sending");
  });
  addEventListener("pageshow", () => {
    document.querySelectorAll("form.is-sending").forEach((form) => form.classList.remove("is-sending"));
  });

  // Menus close by Escape and by a click elsewhere.
  const closeMenus = (except) =>
    document.querySelectorAll("details.menu[open]").forEach((menu) => menu !== except && (menu.open = false));
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest("details.menu[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });

  // Times show the market's zone; one's own is in their title.
  const localise = (root) =>
    root.querySelectorAll("time[datetime*='T']").forEach((time) => {
      time.title = new Date(time.dateTime).toLocaleString(undefined, { timeZoneName: "short" });
    });
  localise(document);
  document.body.addEventListener("htmx:load", (event) => localise(event.target));
})();
